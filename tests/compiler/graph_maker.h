#pragma once

#include <random>
#include <string>
#include <vector>

#include "compiler/graph.h"

namespace convoy {

// Builds graphs for tests. All data are small integers, so that any order of sums gives equal
// results.
class GraphMaker {
public:
    ValueId input(std::vector<int64_t> dims);
    ValueId conv(ValueId input, int oc, int k, int pad = 0, int g = 1);
    ValueId fully_connected(ValueId input, int mb, int oc);
    ValueId scale_shift(ValueId input, bool has_shift = true);
    ValueId activate(ValueId input, Activation activation = Activation::relu());
    ValueId add(ValueId a, ValueId b);
    ValueId reshape(ValueId input, std::vector<int64_t> dims);
    ValueId append(Operation operation, std::vector<ValueId> inputs, std::vector<int64_t> dims);
    // The finished graph, checked.
    Graph finish(std::vector<ValueId> outputs);

    Graph graph{"test", {}, {}, {}, {}};

private:
    Constant integers(int64_t count, int low = -3, int high = 3);
    ValueId add_value(std::vector<int64_t> dims);

    std::mt19937 random_{1};
};

// Integer-valued data for every input of the graph.
std::vector<std::vector<double>> integer_inputs(const Graph &graph);

// "Conv2d Add": the operations in order.
std::string operations(const Graph &graph);

// Fails the test unless `after` computes exactly what `before` does, and keeps its outputs' names.
void expect_same_results(const Graph &before, const Graph &after);

}  // namespace convoy
