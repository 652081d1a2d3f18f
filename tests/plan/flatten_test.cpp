#include "compiler/plan/flatten.h"

#include <gtest/gtest.h>

namespace convoy {
namespace {

constexpr int vector = 16;

Conv2dKernel kernel_of(const char *descriptor, Layout layout = {}) {
    const ConvProblem p = parse_conv_problem(descriptor);
    return {.problem = p,
            .input = make_view(p.mb, p.ic, p.ih, p.iw, layout, vector),
            .output = make_view(p.mb, p.oc, p.oh, p.ow, layout, vector)};
}

Conv2dKernel flat(const Conv2dKernel &kernel) {
    return std::get<Conv2dKernel>(flattened(kernel, vector));
}

TEST(Flatten, RowsAreWholeVectors) {
    Conv2dKernel kernel = kernel_of("ic24ih56oc40kh1");
    kernel.residual = kernel.output;
    const Conv2dKernel result = flat(kernel);
    EXPECT_EQ(result.problem.ih * result.problem.iw, 56 * 56);
    EXPECT_GT(result.problem.ih, 1);
    EXPECT_EQ(result.problem.iw % vector, 0);
    for (const View &view : {result.input, result.output, *result.residual}) {
        EXPECT_EQ(view.h, result.problem.oh);
        EXPECT_EQ(view.w, result.problem.ow);
    }
    EXPECT_EQ(result.input.plane_stride(), kernel.input.plane_stride());
    EXPECT_NO_THROW(check(result.problem));
}

TEST(Flatten, NormalizationsOfPlanes) {
    const View planes = make_view(2, 20, 14, 24, {}, vector);
    const auto result =
        std::get<NormalizeKernel>(flattened(NormalizeKernel{planes, planes}, vector));
    EXPECT_EQ(result.input, result.output);
    EXPECT_GT(result.input.h, 1);
    EXPECT_EQ(result.input.h * result.input.w, 14 * 24);
    EXPECT_EQ(result.input.w % vector, 0);
    View with_halo = planes;
    with_halo.halo.top = 1;
    const View blocked = make_view(2, 32, 14, 24, Layout{16}, vector);
    for (const NormalizeKernel &kernel :
         {NormalizeKernel{planes, with_halo}, NormalizeKernel{blocked, blocked}}) {
        EXPECT_EQ(flattened(kernel, vector), Kernel(kernel));
    }
}

TEST(Flatten, OneRowWhereNoWholeVectorsFit) {
    const Conv2dKernel result = flat(kernel_of("mb2g2ic24ih7iw5oc40kh1"));
    EXPECT_EQ(result.problem.ih, 1);
    EXPECT_EQ(result.problem.iw, 35);
    EXPECT_EQ(result.problem.oh, 1);
    EXPECT_EQ(result.problem.ow, 35);
}

TEST(Flatten, OneValueAChannelIsBroadcastAsBefore) {
    Conv2dKernel kernel = kernel_of("ic24ih56oc40kh1");
    kernel.combine = Combine::mul;
    kernel.residual = make_view(1, 40, 1, 1, {}, vector);
    const Conv2dKernel result = flat(kernel);
    EXPECT_NE(result.problem.iw, 56);
    EXPECT_EQ(*result.residual, *kernel.residual);
}

TEST(Flatten, LeavesAloneWhatNeedsItsRows) {
    for (const char *text : {"ic24ih56oc40kh3ph1", "ic24ih56oc40kh1sh2", "ic24ih56oc40kh1ph1"}) {
        const Conv2dKernel kernel = kernel_of(text);
        EXPECT_EQ(flat(kernel), kernel) << text;
    }
    const Conv2dKernel blocked = kernel_of("ic32ih56oc32kh1", Layout{16});
    EXPECT_EQ(flat(blocked), blocked);
    Conv2dKernel row_broadcast = kernel_of("ic24ih56oc40kh1");
    row_broadcast.residual = make_view(1, 40, 1, 56, {}, vector);
    EXPECT_EQ(flat(row_broadcast), row_broadcast);
    Conv2dKernel with_halo = kernel_of("ic24ih56oc40kh1");
    with_halo.output.halo = {1, 1, 1, 1};
    EXPECT_EQ(flat(with_halo), with_halo);
}

}  // namespace
}  // namespace convoy
