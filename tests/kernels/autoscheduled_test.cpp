// What Halide's autoschedulers make of convolutions: right, the same code every time, and only
// where a record or the tuner asks for it.

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "compiler/emit/compile_processes.h"
#include "schedules/choose.h"
#include "tests/kernels/board_test.h"
#include "tests/kernels/conv2d_kernels.h"
#include "tests/temporary_folder.h"

namespace convoy {
namespace {

// Dense, depthwise, grouped: in blocks, interleaved over the groups, and in nchw.
std::vector<Kernel> kernels_of(const Board &board) {
    const Layout block{board.vector_floats};
    std::vector<Kernel> kernels;
    const auto add = [&](const char *text, const Layout &layout) {
        Conv2dKernel kernel = conv_kernel(parse_conv_problem(text), {layout, layout}, board);
        kernel.residual = kernel.output;
        kernel.output.halo = {0, 2, 1, 1};
        kernel.activation = Activation::relu();
        kernels.push_back(kernel);
    };
    add("ic32ih9oc48kh3ph1", block);
    add("g32ic32ih14oc32kh3sh2ph1", block);
    add("g4ic64ih11oc64kh3ph1", block);
    add("g8ic32ih7oc32kh3ph1", {8, 8});
    add("g2ic12ih20oc10kh3ph1", {});

    SeparableConv2dKernel separable{.depthwise = parse_conv_problem("g32ic32ih9oc32kh3ph1"),
                                    .oc = 48};
    separable.input = make_view(1, 32, 9, 9, block, block.block);
    separable.input.halo = {1, 1, 1, 1};
    separable.output = make_view(1, 48, 9, 9, block, block.block);
    kernels.push_back(separable);

    TwoLevelConv2dKernel two_level{.problem = parse_conv_problem("g2ic64ih6oc64kh3ph1")};
    two_level.input = make_view(1, 64, 6, 6, block, block.block);
    two_level.input.halo = {1, 1, 1, 1};
    two_level.output = make_view(1, 64, 6, 6, block, block.block);
    kernels.push_back(two_level);
    return kernels;
}

class Autoscheduled : public BoardTest {
protected:
    std::vector<Schedule> schedules_of(const Kernel &kernel, Span span = Span::all) const {
        return template_of({"autoscheduled", {}}, board_).candidates(kernel, board_, span);
    }

    // The object's bytes, by a process of its own.
    std::string compiled(const Kernel &kernel, const Schedule &schedule) const {
        const TemporaryFolder folder;
        const std::filesystem::path object = folder.path / "kernel.o";
        CompileProcesses processes(board_, folder.path, {60});
        processes.start(0, {kernel, schedule, "kernel", object});
        for (;;) {
            const auto ended = processes.finished();
            if (!ended) continue;
            if (!ended->second.message.empty()) return "!" + ended->second.message;
            std::ostringstream bytes;
            bytes << std::ifstream(object, std::ios::binary).rdbuf();
            return bytes.str();
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Boards, Autoscheduled, every_board(), board_of);

TEST_P(Autoscheduled, EachIsRight) {
    for (const Kernel &kernel : kernels_of(board_)) {
        const KernelCase test(kernel);
        ASSERT_EQ(schedules_of(kernel).size(), 3u) << to_string(kernel);
        for (const Schedule &schedule : schedules_of(kernel)) {
            EXPECT_EQ(what_is_wrong(test, schedule, board_), "")
                << to_string(kernel) << ": " << to_string(schedule);
        }
    }
}

TEST_P(Autoscheduled, GivesTheSameCodeEveryTime) {
    const std::vector<Kernel> kernels = kernels_of(board_);
    for (const Kernel &kernel : {kernels[0], kernels[1], kernels[3]}) {
        for (const Schedule &schedule : schedules_of(kernel)) {
            SCOPED_TRACE(to_string(kernel) + ": " + to_string(schedule));
            const std::string first = compiled(kernel, schedule);
            ASSERT_FALSE(first.starts_with("!")) << first;
            EXPECT_TRUE(compiled(kernel, schedule) == first);
        }
    }
}

TEST_P(Autoscheduled, IsNotRankedByACompilation) {
    for (const Kernel &kernel : kernels_of(board_)) {
        EXPECT_TRUE(schedules_of(kernel, Span::usual).empty());
        for (const RankedSchedule &ranked : rank_schedules(kernel, board_, {}, 1000))
            EXPECT_NE(ranked.schedule.template_name, "autoscheduled");
        EXPECT_TRUE(is_legal(kernel, schedules_of(kernel).front(), board_));
    }
}

TEST_P(Autoscheduled, SaysWhichPluginIsMissing) {
    const TemporaryFolder empty;
    const Kernel kernel = kernels_of(board_).front();
    const Schedule schedule = schedules_of(kernel).front();
    setenv("CONVOY_AUTOSCHEDULERS", empty.path.c_str(), 1);
    const std::string said = compiled(kernel, schedule);
    unsetenv("CONVOY_AUTOSCHEDULERS");
    EXPECT_EQ(said, "!" + (empty.path / "libautoschedule_mullapudi2016.so").string() +
                        " is not there, Halide's autoscheduler Mullapudi2016");
}

}  // namespace
}  // namespace convoy
