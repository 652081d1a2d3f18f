#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "compiler/graph.h"
#include "compiler/plan/layout_assignment.h"
#include "compiler/plan/plan.h"
#include "targets/board.h"

namespace convoy {

// One network of each family of models/ and the digits example, for an AVX2 and an AVX-512 board:
// gtest parameters.
struct NetworkOnBoard {
    std::string network, board;
};
std::vector<NetworkOnBoard> networks_on_boards();
void PrintTo(const NetworkOnBoard &which, std::ostream *stream);
std::string test_name(const testing::TestParamInfo<NetworkOnBoard> &info);

// One of them, imported and optimised.
Graph import_network(const std::string &name);

// A graph with its layouts and its plan, memory included.
struct PlannedGraph {
    Graph graph;
    LayoutAssignment layouts;
    Plan plan;
};
PlannedGraph plan_graph(const Graph &graph, const std::string &board);

// A network, planned once for all tests.
const PlannedGraph &planned(const NetworkOnBoard &which);

}  // namespace convoy
