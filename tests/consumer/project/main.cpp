#include <baked.h>
#include <batched.h>
#include <digits.h>
#include <given.h>

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

// The same layer both ways: w.npy is full of 0.5, b.npy of 1.
bool layers_agree() {
    const std::vector<float> weights(given::weight_floats, 0.5f), bias(given::bias_floats, 1.0f);
    std::vector<float> input(given::input_floats[0], 2.0f), first(given::output_floats[0]),
        second(first);
    convoy::Layer<given>(weights, bias).run(input, first);
    convoy::Model<baked>().run(input, second);
    std::printf("layer %g\n", first[9]);
    return first == second;
}

int main() {
    try {
        run<digits>();
        run<batched>();
        if (!layers_agree()) return 1;
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
