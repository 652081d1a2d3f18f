#include "tests/kernels/board_layouts.h"
#include "tests/kernels/board_test.h"

namespace convoy {
namespace {

using Axis = ResampleKernel::Axis;

class Resamples : public BoardTest {
protected:
    ResampleKernel kernel_of(const View &plain, Axis axis, int extent, int taps,
                             const Layout &layout = {}) const {
        const auto view = [&](int c, int h, int w) {
            return make_view(plain.mb, c, h, w, layout_on(board_, layout), board_.vector_floats);
        };
        return {view(plain.c, plain.h, plain.w),
                view(axis == Axis::c ? extent : plain.c, axis == Axis::h ? extent : plain.h,
                     axis == Axis::w ? extent : plain.w),
                axis, taps};
    }
};

INSTANTIATE_TEST_SUITE_P(Boards, Resamples, every_board(), board_of);

TEST_P(Resamples, AlongEveryAxisOfNchw) {
    const View plain{.mb = 2, .c = 5, .h = 6, .w = 21};
    for (int taps : {1, 2, 4}) {
        expect_right(KernelCase(kernel_of(plain, Axis::c, 3, taps)));
        expect_right(KernelCase(kernel_of(plain, Axis::h, 11, taps)));
        expect_right(KernelCase(kernel_of(plain, Axis::w, 37, taps)));
        expect_right(KernelCase(kernel_of(plain, Axis::w, 1, taps)));
    }
}

TEST_P(Resamples, InBlocksOfChannelsAndHalos) {
    const View plain{.mb = 1, .c = 24, .h = 4, .w = 5};
    for (const Layout &layout : {Layout{8}, Layout{whole_vector}, Layout{4, 8}}) {
        for (Axis axis : {Axis::h, Axis::w}) {
            ResampleKernel kernel = kernel_of(plain, axis, 9, 2, layout);
            expect_right(KernelCase(kernel));
            kernel.input.halo = {1, 0, 2, 1};
            kernel.output.halo = {0, 2, 1, 1};
            expect_right(KernelCase(kernel));
        }
    }
}

}  // namespace
}  // namespace convoy
