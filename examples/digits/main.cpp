// Classifies handwritten digits with a network that Convoy has compiled into a library.
//
//     digits DIR [--predictions FILE]
//
// DIR holds images.f32 and labels.u8.  The logits go to FILE (DIR/predictions.f32 unless named);
// beside it, under the same name, go the predicted digits (.txt), and timing.json.

#include <algorithm>
#include <convoy/model.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "digits.h"
#include "image_set.hpp"
#include "report.hpp"
#include "timing.hpp"

namespace example {

struct Arguments {
    std::filesystem::path directory;
    std::filesystem::path logits;
};

std::optional<Arguments> parse(int argc, char **argv) {
    if (argc == 2) {
        return Arguments{argv[1], std::filesystem::path(argv[1]) / "predictions.f32"};
    }
    if (argc == 4 && std::string_view(argv[2]) == "--predictions") {
        return Arguments{argv[1], argv[3]};
    }
    return std::nullopt;
}

std::vector<std::uint8_t> largest_of_each(const std::vector<float> &logits) {
    std::vector<std::uint8_t> digits;
    for (auto row = logits.begin(); row != logits.end(); row += kClasses) {
        digits.push_back(static_cast<std::uint8_t>(std::max_element(row, row + kClasses) - row));
    }
    return digits;
}

std::size_t count_equal(const std::vector<std::uint8_t> &a, const std::vector<std::uint8_t> &b) {
    std::size_t equal = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        equal += a[i] == b[i];
    }
    return equal;
}

void classify_all(const Arguments &arguments) {
    const ImageSet set = read_image_set(arguments.directory);
    std::vector<float> logits(set.size() * kClasses);

    convoy::Model<::digits> net;
    const Timing timing = time_per_image(set.size(), [&](std::size_t i) {
        net.run(set.image(i), std::span(logits).subspan(i * kClasses, kClasses));
    });

    const std::vector<std::uint8_t> predictions = largest_of_each(logits);
    const std::size_t right = count_equal(predictions, set.labels);
    std::printf("accuracy        %6.2f %%  (%zu of %zu images)\n",
                100.0 * static_cast<double>(right) / static_cast<double>(set.size()), right,
                set.size());
    std::printf("time per image  %6.1f us median, %.1f us minimum\n", timing.median_us,
                timing.minimum_us);

    const std::filesystem::path &file = arguments.logits;
    write_logits(file, logits);
    write_predictions(std::filesystem::path(file).replace_extension(".txt"), predictions);
    write_timing(std::filesystem::path(file).replace_filename("timing.json"), set.size(), timing);
}

}  // namespace example

int main(int argc, char **argv) {
    const std::optional<example::Arguments> arguments = example::parse(argc, argv);
    if (!arguments) {
        std::fprintf(stderr, "usage: digits DIR [--predictions FILE]\n");
        return 1;
    }
    try {
        example::classify_all(*arguments);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "digits: %s\n", error.what());
        return 1;
    }
    return 0;
}
