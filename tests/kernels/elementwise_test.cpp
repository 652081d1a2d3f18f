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

// A value for each channel: a squeeze-and-excitation's gate, a PRelu's slopes.
TEST_P(Elementwise, OperandsAreBroadcastOverPlanes) {
    for (const Dims &d : dims) {
        for (const Combine combine : {Combine::mul, Combine::prelu, Combine::sub, Combine::max}) {
            ElementwiseKernel kernel = kernel_of(d, false, true);
            kernel.combine = combine;
            kernel.addend->h = kernel.addend->w = 1;
            expect_right(KernelCase(kernel));
            kernel.addend->mb = 1;
            kernel.addend->halo = {1, 2, 0, 1};
            expect_right(KernelCase(kernel));
            std::swap(kernel.input, *kernel.addend);
            expect_right(KernelCase(kernel));
        }
    }
}

TEST_P(Elementwise, AnyDimsAreBroadcastInPlainLayout) {
    const View whole = make_view(2, 3, 5, 19, {}, 1);
    for (int which = 0; which < 16; which++) {
        const auto part = [&](int set) {
            return make_view(set & 1 ? 2 : 1, set & 2 ? 3 : 1, set & 4 ? 5 : 1, set & 8 ? 19 : 1,
                             {}, 1);
        };
        ElementwiseKernel kernel{.input = part(which), .output = whole};
        kernel.addend = part(15 - which);
        kernel.combine = Combine::sub;
        expect_right(KernelCase(kernel));
    }
}

TEST_P(Elementwise, EveryCombinationOfTwo) {
    for (const Combine combine :
         {Combine::add, Combine::sub, Combine::mul, Combine::min, Combine::max, Combine::prelu}) {
        ElementwiseKernel kernel = kernel_of(dims[0], true, true);
        kernel.combine = combine;
        kernel.activation = Activation::clip(-200, 300);
        expect_right(KernelCase(kernel));
    }
}

// Quotients and powers of integers, negative bases among them.
TEST_P(Elementwise, QuotientsAndPowers) {
    for (const Combine combine : {Combine::div, Combine::pow}) {
        ElementwiseKernel kernel = kernel_of(dims[0], false, true);
        kernel.combine = combine;
        Operands operands = integer_operands(kernel);
        for (float &x : operands.input.values) x = x == 0 ? 1 : x / 10;
        for (float &x : operands.addend.values) x = x == 0 ? 1 : float(int(x) % 7 + 8);
        expect_right(KernelCase(kernel, operands, 4e-6));
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
