#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/kernels/device/device_driver.h"
#include "tests/kernels/kernel_harness.h"
#include "tests/kernels/schedule_sample.h"
#include "tests/kernels/tested_boards.h"

namespace convoy {

// Tests that run on each board; their files instantiate them with every_board().
class BoardTest : public testing::TestWithParam<std::string> {
protected:
    const Board board_ = load_board(GetParam());

    void SetUp() override {
        if (board_.gpu && !device_is_present()) GTEST_SKIP() << "there is no OpenCL device";
    }

    void TearDown() override {
        if (checked_ == 0 && passed_over_ > 0)
            GTEST_SKIP() << board_.name << " takes none of the " << passed_over_
                         << " kernels: their channels are in blocks";
    }

    // Under the model's first schedule, `others` candidates of each template, and the reference.
    // What a GPU's board does not have, blocks of channels, is passed over.
    void expect_right(const KernelCase &test, size_t others = 0) {
        if (board_.gpu && !has_plain_layouts(test.kernel)) {
            passed_over_++;
            return;
        }
        checked_++;
        const std::vector<Schedule> schedules = sample_schedules(test.kernel, board_, 1, others);
        ASSERT_FALSE(schedules.empty()) << to_string(test.kernel);
        for (const Schedule &schedule : schedules) {
            EXPECT_EQ(what_is_wrong(test, schedule, board_), "")
                << to_string(test.kernel) << ": " << to_string(schedule);
        }
    }

private:
    int checked_ = 0, passed_over_ = 0;  // kernels
};

inline auto every_board() {
    return testing::ValuesIn(tested_boards());
}

inline std::string board_of(const testing::TestParamInfo<std::string> &info) {
    std::string name = info.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

}  // namespace convoy
