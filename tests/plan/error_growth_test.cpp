#include "compiler/plan/error_growth.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "compiler/reference.h"
#include "tests/compiler/graph_maker.h"

namespace convoy {
namespace {

using Numbers = std::vector<double>;

double mean_square(const Numbers &values) {
    double sum = 0;
    for (double value : values) sum += value * value;
    return sum / (double)values.size();
}

Numbers normals(int64_t count, int seed, double deviation = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal(0, deviation);
    Numbers values((size_t)count);
    for (double &value : values) value = normal(random);
    return values;
}

// What a network makes of its first convolution's sums, (1, 16, 12, 12).
using Rest = ValueId (*)(GraphMaker &make, ValueId sums);

// A network with room for an error of the first convolution's sums.
Graph network(Rest rest, const Numbers &error) {
    GraphMaker make;
    const ValueId first = make.conv(make.input({1, 8, 12, 12}), 16, 3, 1);
    const Literal literal{std::make_shared<const std::vector<float>>(error.begin(), error.end())};
    const ValueId sums = make.add(first, make.append(literal, {}, {1, 16, 12, 12}));
    return make.finish({rest(make, sums)});
}

ValueId block(GraphMaker &make, ValueId x, int k, int g) {
    return make.activate(make.conv(x, 16, k, k / 2, g));
}

ValueId pool(GraphMaker &make, ValueId x, PoolProblem::Kind kind, int size) {
    PoolProblem p;
    p.kind = kind;
    p.c = 16, p.ih = p.iw = 12, p.oh = p.ow = 12 / size;
    p.kh = p.kw = p.sh = p.sw = size;
    return make.append(Pool2d{p}, {x}, {1, 16, p.oh, p.ow});
}

struct Case {
    const char *name;
    Rest rest;
};

const Case cases[] = {
    {"nothing", [](GraphMaker &, ValueId x) { return x; }},
    {"chain",
     [](GraphMaker &make, ValueId x) {
         for (int i = 0; i < 4; i++) x = block(make, make.activate(x), 3, 1);
         return x;
     }},
    {"grouped",
     [](GraphMaker &make, ValueId x) {
         for (int i = 0; i < 3; i++) x = block(make, block(make, x, 3, 16), 1, 4);
         return x;
     }},
    {"residual",
     [](GraphMaker &make, ValueId x) {
         for (int i = 0; i < 3; i++)
             x = make.activate(make.add(x, make.conv(block(make, x, 3, 1), 16, 1)));
         return x;
     }},
    {"narrow_activation",
     [](GraphMaker &make, ValueId x) { return make.activate(x, Activation::clip(0, 6)); }},
    {"max_pool",
     [](GraphMaker &make, ValueId x) { return pool(make, x, PoolProblem::Kind::max, 3); }},
    {"average_pool",
     [](GraphMaker &make, ValueId x) {
         return make.fully_connected(pool(make, make.activate(x), PoolProblem::Kind::average, 12),
                                     1, 10);
     }},
    {"concat",
     [](GraphMaker &make, ValueId x) {
         const ValueId other = make.conv(make.activate(x), 16, 3, 1);
         return make.conv(make.append(Concat{}, {x, other}, {1, 32, 12, 12}), 16, 3, 1);
     }},
    {"gate",
     [](GraphMaker &make, ValueId x) {
         const ValueId gate =
             make.activate(make.conv(x, 16, 1), Activation{Activation::Kind::sigmoid});
         return make.append(Binary{Combine::mul, {}}, {x, gate}, {1, 16, 12, 12});
     }},
    {"scaled", [](GraphMaker &make, ValueId x) { return make.scale_shift(x); }},
};

class ErrorGrowth : public testing::TestWithParam<Case> {};

TEST_P(ErrorGrowth, IsNearWhatAnErrorComesTo) {
    constexpr int count = 16 * 12 * 12;
    const Numbers none(count, 0.0), input = normals(8 * 12 * 12, 1);
    const Graph exact = network(GetParam().rest, none);
    const Numbers expected = evaluate(exact, {input})[0];
    // The sums alone, without their bias.
    Graph first = exact;
    std::get<Conv2d>(first.nodes[0].operation).bias =
        std::make_shared<const std::vector<float>>(16, 0.0f);
    first.outputs = {first.nodes[0].output};
    first.nodes.resize(1);
    const double sums = std::sqrt(mean_square(evaluate(first, {input})[0]));

    constexpr double error = 1e-3;
    Numbers difference =
        evaluate(network(GetParam().rest, normals(count, 2, error * sums)), {input})[0];
    for (size_t i = 0; i < difference.size(); i++) difference[i] -= expected[i];
    const double measured = std::sqrt(mean_square(difference) / mean_square(expected)) / error;
    const double estimated = error_growth(exact)[0];
    EXPECT_GT(estimated, measured / 2);
    EXPECT_LT(estimated, measured * 2);
}

INSTANTIATE_TEST_SUITE_P(Networks, ErrorGrowth, testing::ValuesIn(cases),
                         [](const auto &which) { return std::string(which.param.name); });

TEST(ErrorGrowth, IsNoneOfWhatNoOutputDependsOn) {
    GraphMaker make;
    const ValueId input = make.input({1, 8, 12, 12}), used = make.conv(input, 16, 3, 1);
    make.conv(input, 16, 3, 1);
    const std::vector<double> growth = error_growth(make.finish({used}));
    EXPECT_NEAR(growth[0], 1, 0.2);  // its bias is no error
    EXPECT_EQ(growth[1], 0);
}

}  // namespace
}  // namespace convoy
