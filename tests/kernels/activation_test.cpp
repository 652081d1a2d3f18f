// Every activation behind an elementwise kernel and behind a convolution, near the double oracle.

#include <cmath>
#include <fstream>
#include <random>
#include <regex>
#include <sstream>

#include "tests/kernels/board_layouts.h"
#include "tests/kernels/board_test.h"
#include "tests/kernels/conv2d_kernels.h"
#include "tests/temporary_folder.h"

namespace convoy {
namespace {

using Kind = Activation::Kind;

struct Case {
    const char *activation;
    float low = -12, high = 12;  // of the elements
};

constexpr Case cases[] = {
    {"relu"},
    {"clip(-1,6)"},
    {"leakyrelu(0.1)"},
    {"elu(1.5)"},
    {"hardsigmoid(0.2,0.5)"},
    {"hardswish"},
    {"sigmoid"},
    {"sigmoid", -200, 200},
    {"silu"},
    {"silu", -200, 200},
    {"tanh"},
    {"gelu"},
    {"gelutanh"},
    {"softplus"},
    {"softplus", -200, 200},
    {"mish"},
    {"mish", -200, 200},
    {"softsign"},
    {"erf"},
    {"exp", -80, 80},
    {"exp", -2, 2},
    {"log", 1e-6f, 4},
    {"log", 1, 1e20f},
    {"sqrt", 0, 100},
    {"reciprocal", 0.1f, 100},
    {"pow(3)"},
    {"pow(-2)", 0.1f, 10},
    {"pow(0.5)", 0, 10},
    {"pow(1.7)", 0, 10},
    {"abs"},
    {"neg"},
    {"sign"},
    {"floor"},
    {"ceil"},
    {"round"},
};

// Elements over the whole range, and its ends.
std::vector<float> elements(const Case &c, size_t count) {
    std::mt19937 random(3);
    std::uniform_real_distribution<float> distribution(c.low, c.high);
    std::vector<float> list(count);
    for (float &x : list) x = distribution(random);
    list[0] = c.low, list[1] = c.high, list[2] = std::max(0.0f, c.low);
    return list;
}

class ActivationKernels : public BoardTest {};

INSTANTIATE_TEST_SUITE_P(Boards, ActivationKernels, every_board(), board_of);

TEST_P(ActivationKernels, OfEveryElement) {
    for (const Case &c : cases) {
        for (const Layout layout : {Layout{}, layout_on(board_, {whole_vector})}) {
            const View view = make_view(1, 5, 7, 19, layout, board_.vector_floats);
            const ElementwiseKernel kernel{
                .input = view, .output = view, .activation = parse_activation(c.activation)};
            Operands operands;
            operands.input = Tensor(1, 5, 7, 19);
            operands.input.values = elements(c, operands.input.values.size());
            expect_right(KernelCase(kernel, operands, 1e-6));
        }
    }
}

// Results of up to 2^-15 keep their digits too, where the function allows it.
TEST_P(ActivationKernels, NearZero) {
    for (const char *text : {"tanh", "erf", "elu(1)", "silu", "gelu", "softsign", "mish"}) {
        const View view = make_view(1, 1, 1, 64, {}, board_.vector_floats);
        const ElementwiseKernel kernel{
            .input = view, .output = view, .activation = parse_activation(text)};
        Operands operands;
        operands.input = Tensor(1, 1, 1, 64);
        for (int i = 0; i < 64; i++) operands.input.values[i] = std::ldexp(float(i - 32), -20);
        expect_right(KernelCase(kernel, operands, std::ldexp(1e-6, -15)));
    }
}

// Names that the code calls: those of the parallel loop's runtime and no function of a C library.
TEST_P(ActivationKernels, CallNothing) {
    if (board_.gpu) GTEST_SKIP() << "kernels of a GPU call its driver";
    const std::regex call(R"(\b(?:call|jmp)q?\s+([A-Za-z_][\w.]*))");
    const TemporaryFolder folder;
    const std::string file = folder.path / "activation.s";
    for (const Case &c : cases) {
        const View view = make_view(1, 3, 2, 19, {}, board_.vector_floats);
        const ElementwiseKernel kernel{
            .input = view, .output = view, .activation = parse_activation(c.activation)};
        for (const Schedule &schedule : sample_schedules(kernel, board_, 1, 0)) {
            ScheduledKernel built = template_of(schedule, board_).build(kernel, schedule, board_);
            built.output.compile_to_assembly(
                file, built.arguments, "kernel",
                Halide::Target(board_.halide_target + "-no_asserts-no_bounds_query-no_runtime"));
            std::stringstream text;
            text << std::ifstream(file).rdbuf();
            const std::string code = text.str();
            ASSERT_FALSE(code.empty());
            for (std::sregex_iterator at(code.begin(), code.end(), call), end; at != end; ++at) {
                const std::string name = (*at)[1];
                EXPECT_TRUE(name == "halide_do_par_for" || name.starts_with("kernel"))
                    << name << " in " << c.activation << ": " << to_string(schedule);
            }
        }
    }
}

TEST_P(ActivationKernels, BehindConvolutions) {
    for (const char *text : {"clip(-1,6)", "leakyrelu(0.1)", "hardswish", "silu", "gelu", "mish"}) {
        for (const char *problem : {"ic8ih5oc24kh1", "g24ic24ih5oc24kh3ph1"}) {
            const Layout layout = layout_on(board_, {whole_vector});
            Conv2dKernel kernel =
                conv_kernel(parse_conv_problem(problem), {layout, layout}, board_);
            kernel.activation = parse_activation(text);
            expect_right(KernelCase(kernel, 1e-6));
        }
    }
}

}  // namespace
}  // namespace convoy
