#include "tests/kernels/board_layouts.h"
#include "tests/kernels/board_test.h"

namespace convoy {
namespace {

struct Dims {
    int mb, c, h, w;
    Layout layout;
};

constexpr Dims dims[] = {
    {1, 5, 7, 9, {}},
    {2, 3, 1, 1, {}},
    {1, 21, 6, 5, {half_vector}},
    {1, 24, 4, 17, {whole_vector}},
    {2, 24, 3, 7, {4, 8}},
    {1, 1000, 1, 1, {}},
};

const Activation activations[] = {{}, Activation::relu(), Activation::clip(-20, 45)};

class Elementwise : public BoardTest {
protected:
    ElementwiseKernel kernel_of(const Dims &d, bool scale_shift, bool addend) const {
        const View view =
            make_view(d.mb, d.c, d.h, d.w, layout_on(board_, d.layout), board_.vector_floats);
        ElementwiseKernel kernel{.input = view, .output = view, .has_scale_shift = scale_shift};
        if (addend) kernel.addend = view;
        return kernel;
    }
};

INSTANTIATE_TEST_SUITE_P(Boards, Elementwise, every_board(), board_of);

TEST_P(Elementwise, EveryCombination) {
    for (const Dims &d : dims) {
        for (const bool scale_shift : {false, true}) {
            for (const bool addend : {false, true}) {
                for (const Activation &activation : activations) {
                    ElementwiseKernel kernel = kernel_of(d, scale_shift, addend);
                    kernel.activation = activation;
                    expect_right(KernelCase(kernel));
                }
            }
        }
    }
}

TEST_P(Elementwise, EachViewHasAHaloOfItsOwn) {
    for (const Dims &d : dims) {
        ElementwiseKernel kernel = kernel_of(d, true, true);
        kernel.input.halo = {1, 0, 2, 3};
        kernel.output.halo = {0, 2, 1, 1};
        kernel.addend->halo = {2, 1, 0, 2};
        expect_right(KernelCase(kernel));
    }
}

}  // namespace
}  // namespace convoy
