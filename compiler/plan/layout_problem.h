#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "compiler/graph.h"
#include "compiler/plan/image_loop.h"
#include "compiler/plan/min_sum.h"
#include "schedules/choose.h"

namespace convoy {

// Which layouts a graph's values may be stored in, and what each choice costs, in cycles: of
// kernels as records have them or else the model, and of the reorders where a node reads a value in
// another layout than it is stored in, for all images together. A choice is an index into
// storable() for each value. Nodes are named by their place in the graph.
class LayoutProblem {
public:
    static constexpr double impossible = 1e18;  // finite, so that sums stay ordered

    // Graph inputs are nchw, outputs are reordered to it.
    LayoutProblem(const Graph &graph, const Board &board, const Records &records,
                  const ScheduleRules &rules, const ImageLoop &loop = {});

    const std::vector<std::vector<Layout>> &storable() const { return storable_; }
    std::vector<int> domains() const;
    const std::vector<Factor> &factors() const { return factors_; }
    double cycles(const std::vector<int> &choice) const;
    // Of a node, with its reorders.
    double node_cycles(int node, const std::vector<int> &choice);

    // The layout to read input `index` in, and what that costs: a reorder if it is stored
    // otherwise, and the kernel.
    std::pair<Layout, double> cheapest_read(int node, int index, Layout stored_in,
                                            Layout stored_out);
    // Of a value's copy in another layout, for one node or for what reads the graph's output.
    double reorder_cycles(int node, ValueId value, Layout from, Layout to);

private:
    void add_factors(int node);
    double read_cycles(int node, int index, Layout read, Layout stored);
    double kernel_cycles(int node, const Kernel &as_planned);

    const Graph &graph_;
    const Board &board_;
    const Records &records_;
    const ScheduleRules &rules_;
    const ImageLoop loop_;
    std::map<std::string, double> known_;  // cycles by kernel: equal layers are looked up once
    std::vector<std::vector<Layout>> readable_, storable_;
    std::vector<Factor> factors_;
};

}  // namespace convoy
