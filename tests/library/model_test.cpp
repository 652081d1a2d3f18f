// convoy::Model, and two libraries in one program.

#include <digits.h>
#include <gtest/gtest.h>
#include <wrn40_2_G8.h>

#include <algorithm>
#include <convoy/model.hpp>
#include <thread>

#include "floats.h"

namespace {

using convoy::Floats, convoy::random_floats;

template<typename Call>
std::string message_of(Call call) {
    try {
        call();
    } catch (const std::exception &error) {
        return error.what();
    }
    return "nothing was thrown";
}

TEST(Model, KnowsItsShapes) {
    using Digits = convoy::Model<digits>;
    EXPECT_EQ(Digits::input_dims(), (std::vector<int64_t>{1, 1, 8, 8}));
    EXPECT_EQ(Digits::output_dims(0), (std::vector<int64_t>{1, 10}));
    EXPECT_THROW(Digits::input_dims(1), std::invalid_argument);
    EXPECT_EQ(message_of([] { Digits::output_dims(-1); }), "digits has no output -1");
    static_assert(digits::inputs == 1 && digits::outputs == 1);
    static_assert(digits::input_floats[0] == 64 && digits::output_floats[0] == 10);
}

TEST(Model, ComputesWhatTheCFunctionsDo) {
    const Floats image = random_floats(64);
    Floats logits(10), expected(10);
    convoy::Model<digits> net;
    net.run(image, logits);
    const float *in = image.data();
    float *out = expected.data();
    void *arena = ::operator new (digits_arena_bytes(), std::align_val_t{64});
    EXPECT_EQ(digits_run(&in, &out, arena, 1), digits_OK);
    ::operator delete (arena, std::align_val_t{64});
    EXPECT_EQ(logits, expected);
}

TEST(Model, RefusesWrongSizes) {
    convoy::Model<digits> net;
    Floats image(64), logits(10), small(9);
    EXPECT_THROW(net.run(small, logits), std::invalid_argument);
    EXPECT_THROW(net.run(image, small), std::invalid_argument);
    EXPECT_THROW(net.run({image, image}, {logits}), std::invalid_argument);
    EXPECT_THROW(net.run({image}, {logits, logits}), std::invalid_argument);
    EXPECT_EQ(message_of([&] { net.run(image, small); }),
              "digits: output 0 has 9 floats, expected 10");
    EXPECT_EQ(message_of([&] {
                  net.run({image, image}, {logits});
              }),
              "digits: 2 inputs, expected 1");
}

TEST(Model, ReportsTheLibrarysErrors) {
    convoy::Model<digits> net;
    Floats image(64), logits(10);
    for (int threads : {0, -1, 257}) {
        net.set_threads(threads);
        EXPECT_EQ(net.threads(), threads);
        EXPECT_THROW(net.run(image, logits), std::runtime_error);
    }
    EXPECT_EQ(message_of([&] { net.run(image, logits); }),
              std::string("digits: ") + digits_error_text(digits_ERROR_THREADS));
    net.set_threads(2);
    EXPECT_NO_THROW(net.run(image, logits));
}

TEST(Model, Moves) {
    const Floats image = random_floats(64);
    Floats expected(10), moved(10), assigned(10);
    convoy::Model<digits> net;
    net.set_threads(3);
    net.run(image, expected);
    convoy::Model<digits> other = std::move(net);
    EXPECT_EQ(other.threads(), 3);
    other.run(image, moved);
    convoy::Model<digits> third;
    third = std::move(other);
    EXPECT_EQ(third.threads(), 3);
    third.run(image, assigned);
    EXPECT_EQ(moved, expected);
    EXPECT_EQ(assigned, expected);
}

TEST(TwoLibraries, RunSideBySide) {
    const Floats image = random_floats(64), picture = random_floats(3 * 32 * 32);
    Floats logits(10), classes(10);
    convoy::Model<digits>().run(image, logits);
    convoy::Model<wrn40_2_G8>().run(picture, classes);
    EXPECT_NE(logits, classes);

    int wrong[4] = {};
    const auto repeat = [](auto net, const Floats &input, const Floats &expected, int &count) {
        Floats found(expected.size());
        net.set_threads(2);
        for (int round = 0; round < 20; round++) {
            std::fill(found.begin(), found.end(), 0.0f);
            net.run(input, found);
            count += found != expected;
        }
    };
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; i++) {
        if (i % 2) {
            callers.emplace_back(
                [&, i] { repeat(convoy::Model<digits>(), image, logits, wrong[i]); });
        } else {
            callers.emplace_back(
                [&, i] { repeat(convoy::Model<wrn40_2_G8>(), picture, classes, wrong[i]); });
        }
    }
    for (std::thread &caller : callers) caller.join();
    for (int count : wrong) EXPECT_EQ(count, 0);
}

}  // namespace
