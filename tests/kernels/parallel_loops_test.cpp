// The tasks that templates tell of their parallel loops are those of the code.

#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/emit/kernel_object.h"
#include "tests/kernels/conv2d_kernels.h"
#include "tests/kernels/schedule_sample.h"
#include "tests/kernels/tested_boards.h"

namespace convoy {
namespace {

// Iterations of the parallel loops, each.
class ParallelExtents : public Halide::Internal::IRVisitor {
public:
    std::vector<int> list;

private:
    using Halide::Internal::IRVisitor::visit;
    void visit(const Halide::Internal::Call *op) override {
        Halide::Internal::IRVisitor::visit(op);
        if (op->name != "halide_do_par_for") return;
        for (const Halide::Expr &argument : op->args) {
            // Closure's function, first iteration, their number, closure.
            const auto extent =
                Halide::Internal::as_const_int(Halide::Internal::simplify(argument));
            if (extent && *extent > 0) list.push_back((int)*extent);
        }
    }
};

std::vector<int> parallel_extents(const Kernel &kernel, const Schedule &schedule,
                                  const Board &board) {
    const Halide::Module module =
        module_of(template_of(schedule, board).build(kernel, schedule, board), board, "kernel");
    ParallelExtents extents;
    for (const auto &function : module.functions()) function.body.accept(&extents);
    return extents.list;
}

void expect_told(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const Template &t = template_of(schedule, board);
    if (!t.parallel) return;
    const int told = (int)t.parallel(kernel, schedule, board).tasks;
    const std::vector<int> found = parallel_extents(kernel, schedule, board);
    if (told > 1) {
        EXPECT_NE(std::find(found.begin(), found.end(), told), found.end())
            << to_string(kernel) << ": " << to_string(schedule) << ": told " << told << ", found "
            << testing::PrintToString(found);
    } else if (t.name != std::string("two_level")) {  // its bands share rows, too
        EXPECT_TRUE(found.empty()) << to_string(kernel) << ": " << to_string(schedule);
    }
}

const char *const layers[] = {
    "ic3ih33oc64kh7sh2ph3",  "g1ic64ih14oc64kh3ph1", "g4ic64ih14oc64kh3ph1",
    "g64ic64ih28oc64kh3ph1", "g8ic32ih16oc32kh3ph1", "mb3g8ic144ih14oc144kh3ph1",
    "g1ic144ih14oc24kh1",
};

class ParallelLoopsOf : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Boards, ParallelLoopsOf, testing::Values("avx2", "avx512", "neoverse-n1"),
                         [](const auto &board) {
                             std::string name = board.param;
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

TEST_P(ParallelLoopsOf, Convolutions) {
    const Board board = load_board(GetParam());
    for (const char *layer : layers) {
        const ConvProblem problem = parse_conv_problem(layer);
        for (const ConvLayouts &layouts : natural_layouts(problem, board)) {
            const Kernel kernel = conv_kernel(problem, layouts, board);
            for (const Schedule &schedule : sample_schedules(kernel, board, 1, 2))
                expect_told(kernel, schedule, board);
        }
    }
}

// What lies between convolutions: one usual schedule each.
TEST_P(ParallelLoopsOf, OtherKernels) {
    const Board board = load_board(GetParam());
    const int vector = board.vector_floats;
    const auto view = [&](Layout layout) { return make_view(2, 96, 20, 20, layout, vector); };
    const View plain = view({1}), blocks = view({vector}), halves = view({vector / 2});
    std::vector<Kernel> kernels = {
        ReorderKernel{plain, blocks},    ReorderKernel{blocks, plain},
        ReorderKernel{blocks, halves},   ElementwiseKernel{blocks, blocks},
        ElementwiseKernel{plain, plain}, SoftmaxKernel{plain, plain}};
    for (const Kernel &kernel : kernels) {
        for (const Schedule &schedule : sample_schedules(kernel, board, 1, 1))
            expect_told(kernel, schedule, board);
    }
}

}  // namespace
}  // namespace convoy
