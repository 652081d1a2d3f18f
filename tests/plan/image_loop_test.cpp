#include "compiler/plan/image_loop.h"

#include <gtest/gtest.h>

#include "compiler/plan/layout_assignment.h"
#include "compiler/plan/lower.h"
#include "compiler/plan/memory_plan.h"
#include "tests/compiler/graph_maker.h"
#include "tests/plan/plan_checks.h"

namespace convoy {
namespace {

// A residual, a grouped convolution, a concat, a gate, and a fully connected layer at the end; a
// value in the middle is an output too.
Graph batch_of(int images) {
    GraphMaker make;
    const ValueId first = make.conv(make.input({images, 3, 12, 12}), 32, 3, 1);
    const ValueId grouped = make.conv(make.activate(first), 32, 3, 1, 8);
    const ValueId sum = make.add(make.conv(grouped, 32, 1), first);
    const ValueId both = make.append(Concat{1}, {sum, grouped}, {images, 64, 12, 12});
    const auto half = std::make_shared<const std::vector<float>>(64, 0.5f);
    const ValueId slopes = make.append(Literal{half}, {}, {1, 64, 1, 1});
    const ValueId sloped =
        make.append(Binary{Combine::prelu, {}}, {both, slopes}, {images, 64, 12, 12});
    const ValueId last = make.conv(sloped, 16, 3, 1);
    return make.finish({make.fully_connected(last, images, 10), sum});
}

TEST(ImageLoop, TakesAllThatKeepsImagesApart) {
    const Graph graph = batch_of(4);
    const ImageLoop loop = longest_image_loop(graph);
    EXPECT_EQ(loop.images, 4);
    EXPECT_EQ(loop.nodes, (int)graph.nodes.size() - 1) << operations(graph);
    EXPECT_EQ(longest_image_loop(batch_of(1)).nodes, 0);
}

TEST(ImageLoop, EndsWhereImagesMix) {
    GraphMaker make;
    const ValueId conv = make.conv(make.input({2, 4, 6, 6}), 4, 3, 1);
    const ValueId mixed = make.append(Concat{0}, {conv, conv}, {4, 4, 6, 6});
    const ValueId flat = make.reshape(make.activate(conv), {1, 8, 6, 6});
    const Graph graph = make.finish({make.activate(mixed), make.activate(flat)});
    EXPECT_EQ(longest_image_loop(graph).nodes, 1) << operations(graph);
}

TEST(ImageLoop, DoesNotTakeALiteralOfAllImages) {
    GraphMaker make;
    const ValueId x = make.conv(make.input({2, 4, 6, 6}), 4, 3, 1);
    const auto data = std::make_shared<const std::vector<float>>(2 * 4 * 36, 1.f);
    const ValueId literal = make.append(Literal{data}, {}, {2, 4, 6, 6});
    const ValueId sum = make.append(Binary{Combine::add, {}}, {x, literal}, {2, 4, 6, 6});
    const Graph graph = make.finish({make.activate(sum)});
    EXPECT_LE(longest_image_loop(graph).nodes, 2) << operations(graph);
}

// Wherever the loop ends.
TEST(ImageLoop, GivesValidPlans) {
    const Graph graph = batch_of(3);
    for (const char *name : {"avx2", "avx512"}) {
        const Board board = load_board(name);
        for (int nodes = 0; nodes <= longest_image_loop(graph).nodes; nodes++) {
            SCOPED_TRACE(std::to_string(nodes) + " nodes on " + name);
            Plan plan =
                lower(graph, assign_layouts(graph, board, Records{}, {}, {3, nodes}), board);
            EXPECT_EQ(plan.looped_steps > 0, nodes > 0);
            plan_memory(plan);
            check_steps(graph, plan);
            check_memory(plan);
        }
    }
}

TEST(ImageLoop, KeepsOneImagesActivations) {
    GraphMaker make;
    ValueId value = make.input({8, 16, 24, 24});
    for (int layer = 0; layer < 4; layer++) value = make.conv(value, 16, 3, 1);
    const Graph graph = make.finish({value});
    const Board board = load_board("avx512");
    const auto arena = [&](int nodes) {
        Plan plan = lower(graph, assign_layouts(graph, board, Records{}, {}, {8, nodes}), board);
        plan_memory(plan);
        return plan.arena_bytes;
    };
    EXPECT_LT(arena(4), arena(0) * 2 / 3) << "all that is left are the last layer's outputs";
}

// Weights that all images need are read once where they do not stay in cache, and activations stay
// in cache where they would not.
TEST(ImageLoop, EndsBeforeLayersWhoseWeightsAreMuch) {
    GraphMaker make;
    ValueId value = make.input({16, 16, 56, 56});
    for (int layer = 0; layer < 3; layer++) value = make.conv(value, 16, 3, 1);
    PoolProblem p{.kind = PoolProblem::Kind::max, .mb = 16, .c = 16, .ih = 56, .iw = 56};
    p.oh = p.ow = 7, p.kh = p.kw = p.sh = p.sw = 8;
    value = make.conv(make.append(Pool2d{p}, {value}, {16, 16, 7, 7}), 512, 1);
    for (int layer = 0; layer < 2; layer++) value = make.conv(value, 512, 3, 1);
    const Graph graph = make.finish({value});
    const ImageLoop loop = choose_image_loop(graph, load_board("zen4"), Records{}, {});
    EXPECT_GE(loop.nodes, 4) << operations(graph);
    EXPECT_LT(loop.nodes, (int)graph.nodes.size()) << operations(graph);
}

}  // namespace
}  // namespace convoy
