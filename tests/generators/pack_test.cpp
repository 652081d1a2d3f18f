#include "generators/pack.h"

#include <gtest/gtest.h>

#include <numeric>

#include "generators/strassen_transform.h"
#include "generators/winograd_transform.h"

namespace convoy {
namespace {

std::vector<float> counted(size_t count) {
    std::vector<float> values(count);
    std::iota(values.begin(), values.end(), 1.0f);
    return values;
}

TEST(Pack, ActivationsLieAsTheViewSays) {
    View view = make_view(1, 3, 1, 2, {2}, 2);
    view.halo = {.top = 1, .left = 1};
    const std::vector<float> nchw = {1, 2, 3, 4, 5, 6};  // (c, w)
    // Two blocks of 2 rows x 3 columns x 2 lanes; the last lane holds no channel.
    const std::vector<float> expected = {0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 2, 4,
                                         0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 6, 0};
    EXPECT_EQ(pack_activation(view, nchw.data()), expected);
}

TEST(Pack, ActivationsRoundTrip) {
    for (const Layout &layout : {Layout{}, Layout{8}, Layout{4, 4}, Layout{2, 6}}) {
        View view = make_view(2, 12, 3, 5, layout, 8);
        view.halo = {1, 2, 0, 3};
        const std::vector<float> nchw = counted(2 * 12 * 3 * 5);
        const std::vector<float> memory = pack_activation(view, nchw.data());
        EXPECT_EQ(memory.size(), (size_t)view.floats());
        EXPECT_EQ(unpack_activation(view, memory.data()), nchw) << to_string(layout);
    }
}

TEST(Pack, ChannelsFollowTheLayout) {
    const std::vector<float> values = {1, 2, 3, 4, 5, 6};
    EXPECT_EQ(pack_channels(make_view(1, 6, 1, 1, {4}, 4), values.data()),
              (std::vector<float>{1, 2, 3, 4, 5, 6, 0, 0}));
    EXPECT_EQ(pack_channels(make_view(1, 6, 1, 1, {2, 2}, 2), values.data()),
              (std::vector<float>{1, 4, 2, 5, 3, 6}));
}

Conv2dKernel kernel_of(const char *problem, Layout input, Layout output, int vector) {
    const ConvProblem p = parse_conv_problem(problem);
    return {.problem = p,
            .input = make_view(p.mb, p.ic, p.ih, p.iw, input, vector),
            .output = make_view(p.mb, p.oc, p.oh, p.ow, output, vector)};
}

TEST(Pack, VectorsOfOutputChannels) {
    // Weights (oc 3, ic 2, kw 2): the vector is innermost, then ic, then taps.
    const Conv2dKernel kernel = kernel_of("ic2ih1iw2oc3kh1kw2", {}, {2}, 2);
    const PackedConv2d packed = pack_conv2d(kernel, {Packing::Form::oc_vectors, 2},
                                            counted(3 * 2 * 2).data(), counted(3).data());
    EXPECT_EQ(packed.weights,
              (std::vector<float>{1, 5, 3, 7, 2, 6, 4, 8, 9, 0, 11, 0, 10, 0, 12, 0}));
    EXPECT_EQ(packed.bias, (std::vector<float>{1, 2, 3, 0}));
}

TEST(Pack, InterleavedNeighboursAreFoldedIn) {
    // Input channels lie as 0 2 1 3, output channels as 0 2 1 3.
    const Conv2dKernel kernel = kernel_of("ic4ih1oc4kh1", {2, 2}, {2, 2}, 2);
    const PackedConv2d packed = pack_conv2d(kernel, {Packing::Form::oc_vectors, 2},
                                            counted(4 * 4).data(), counted(4).data());
    EXPECT_EQ(packed.weights,
              (std::vector<float>{1, 9, 3, 11, 2, 10, 4, 12, 5, 13, 7, 15, 6, 14, 8, 16}));
    EXPECT_EQ(packed.bias, (std::vector<float>{1, 3, 2, 4}));
}

TEST(Pack, LanesOfGroups) {
    // 3 groups of 1 input and 2 output channels, 2 lanes: (lane, oc, ic, lane group).
    const Conv2dKernel kernel = kernel_of("g3ic3ih1oc6kh1", {2}, {2, 3}, 2);
    const PackedConv2d packed =
        pack_conv2d(kernel, {Packing::Form::group_lanes}, counted(6).data(), counted(6).data());
    EXPECT_EQ(packed.weights, (std::vector<float>{1, 3, 2, 4, 5, 0, 6, 0}));
    EXPECT_EQ(packed.bias, (std::vector<float>{1, 3, 2, 4, 5, 0, 6, 0}));
}

TEST(Pack, LanesOfGroupsATileInARow) {
    // 2 groups of 2 input and 4 output channels, 2 lanes: (lane, oc of a tile, ic, oc tile).
    const Conv2dKernel kernel = kernel_of("g2ic4ih1oc8kh1", {2, 2}, {2, 2}, 2);
    const auto weights = [&](int tile_oc) {
        const Packing packing{Packing::Form::group_lanes, tile_oc};
        return pack_conv2d(kernel, packing, counted(16).data(), counted(8).data()).weights;
    };
    EXPECT_EQ(weights(2),
              (std::vector<float>{1, 9, 3, 11, 2, 10, 4, 12, 5, 13, 7, 15, 6, 14, 8, 16}));
    // 3 do not divide 4: one tile.
    EXPECT_EQ(weights(3),
              (std::vector<float>{1, 9, 3, 11, 5, 13, 7, 15, 2, 10, 4, 12, 6, 14, 8, 16}));
}

TEST(Pack, WinogradsTilesMayBeOblong) {
    // (lane, ic, point of rows, point of columns): H g G^T.
    const Conv2dKernel kernel = kernel_of("ic2ih4oc2kh3", {2}, {2}, 2);
    const std::vector<float> weights = counted(2 * 2 * 9);
    const auto along_rows = winograd_transform(5, 3).filter(),
               along_columns = winograd_transform(2, 3).filter();
    const std::vector<float> packed =
        pack_conv2d(kernel, {Packing::Form::winograd, 2, 5, 1, 1, 1, 2}, weights.data(),
                    counted(2).data())
            .weights;
    ASSERT_EQ(packed.size(), 2u * 2 * 7 * 4);
    for (int at = 0; at < (int)packed.size(); at++) {
        const int lane = at % 2, ic = at / 2 % 2, j = at / 4 % 7, i = at / 28;
        double sum = 0;
        for (int tap = 0; tap < 9; tap++)
            sum += along_columns[i][tap / 3] * along_rows[j][tap % 3] *
                   weights[(lane * 2 + ic) * 9 + tap];
        EXPECT_NEAR(packed[at], sum, 1e-5) << at;
    }
}

TEST(Pack, WinogradsRowsAreTransformedAlone) {
    // (lane, oc, point, kh): 2 groups of one channel.
    const Conv2dKernel kernel = kernel_of("g2ic2ih3iw4oc2kh2kw3", {2}, {2}, 2);
    const std::vector<float> weights = counted(2 * 2 * 3);
    for (const int m : {2, 4}) {
        const auto filter = winograd_transform(m, 3).filter();
        const std::vector<float> packed = pack_conv2d(kernel, {Packing::Form::winograd_rows, 1, m},
                                                      weights.data(), counted(2).data())
                                              .weights;
        ASSERT_EQ((int)packed.size(), 2 * 2 * (m + 2));
        for (int at = 0; at < (int)packed.size(); at++) {
            const int lane = at % 2, point = at / 2 % (m + 2), y = at / 2 / (m + 2);
            double sum = 0;
            for (int x = 0; x < 3; x++) sum += filter[point][x] * weights[(lane * 2 + y) * 3 + x];
            EXPECT_FLOAT_EQ(packed[at], (float)sum) << m << " " << at;
        }
    }
}

TEST(Pack, StrassensSumsOfEveryPart) {
    // (lane, ic of a part, product): 4 input and 4 output channels in blocks of 2, one level.
    const Conv2dKernel kernel = kernel_of("ic4ih2oc4kh1", {2}, {2}, 2);
    const std::vector<float> weights = counted(4 * 4), bias = counted(4);
    const PackedConv2d packed =
        pack_conv2d(kernel, {Packing::Form::strassen, 2, 1, 1, 1, 1}, weights.data(), bias.data());
    EXPECT_EQ(packed.bias, bias);
    const auto sums = strassen_left(1);
    ASSERT_EQ(packed.weights.size(), 2u * 2 * 7);
    for (int at = 0; at < 2 * 2 * 7; at++) {
        const int lane = at % 2, c = at / 2 % 2, product = at / 4;
        double sum = 0;
        for (int part = 0; part < 4; part++)
            sum += sums[product][part] * weights[(part / 2 * 2 + lane) * 4 + part % 2 * 2 + c];
        EXPECT_EQ(packed.weights[at], sum) << at;
    }
}

TEST(Pack, GspcKernelsReshapingOfThePaper) {
    // Algorithm 1, lines 1-4: (g, KPG/T_O, CPG/T_I, kh, kw, T_I, T_O) from (oc, ic/g, kh, kw).
    const Conv2dKernel kernel{.problem = parse_conv_problem("g2ic8ih3iw4oc12kh2kw3")};
    const ConvProblem &p = kernel.problem;
    const std::vector<float> weights = counted((int)p.weight_count()), bias = counted(12);
    const int tile_ic = 2, tile_oc = 3;
    const PackedConv2d packed = pack_conv2d(kernel, {Packing::Form::gspc, tile_oc, 0, tile_ic},
                                            weights.data(), bias.data());
    EXPECT_EQ(packed.bias, bias);
    size_t at = 0;
    for (int j = 0; j < 2; j++) {
        for (int k = 0; k < 2; k++) {
            for (int c = 0; c < 2; c++) {
                for (int tap = 0; tap < 6; tap++) {
                    for (int ci = 0; ci < tile_ic; ci++) {
                        for (int co = 0; co < tile_oc; co++, at++) {
                            const int oc = j * 6 + k * tile_oc + co, ic = c * tile_ic + ci;
                            EXPECT_EQ(packed.weights[at], weights[(oc * 4 + ic) * 6 + tap]);
                        }
                    }
                }
            }
        }
    }
    EXPECT_EQ(at, packed.weights.size());
}

}  // namespace
}  // namespace convoy
