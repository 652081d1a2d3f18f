#include <batched.h>
#include <digits.h>

#include <convoy/model.hpp>
#include <cstdio>
#include <exception>

template<typename Net>
void run() {
    convoy::Model<Net> net;
    std::vector<float> input(Net::input_floats[0], 1.0f), output(Net::output_floats[0]);
    net.run(input, output);
    std::printf("%s %zu -> %zu: %g\n", Net::name, input.size(), output.size(), output[0]);
}

int main() {
    try {
        run<digits>();
        run<batched>();
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
