#include "compiler/plan/lower.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "compiler/plan/flatten.h"
#include "compiler/plan/node_kernel.h"
#include "generators/pack.h"

namespace convoy {

namespace {

Halo largest(const Halo &a, const Halo &b) {
    return {std::max(a.top, b.top), std::max(a.left, b.left), std::max(a.bottom, b.bottom),
            std::max(a.right, b.right)};
}

// Nodes that walk memory without regard to planes: no halo may lie in it.
bool reads_flat(const Graph &graph, const Node &node) {
    return std::holds_alternative<FullyConnected>(node.operation) || needs_nchw(graph, node);
}

// A tensor that a value is read from: the value's own, or a copy in another layout or with a halo.
struct Source {
    ValueId value;
    Layout layout;
    bool flat;
    bool looped;  // of the image whose turn it is
    auto operator<=>(const Source &) const = default;
};

// The plainest form of a copy: a 1x1 plane in whole channels is a row.
ReorderKernel plain_reorder(const View &in, const View &out) {
    const bool is_row = in.mb == 1 && in.h == 1 && in.w == 1 && in.halo == Halo{} &&
                        out.halo == Halo{} && in.layout.groups == 1 && out.layout == Layout{};
    if (!is_row) return {in, out, 0};
    const View row{.w = in.c};
    return {row, row, 0};
}

class Lowering {
public:
    Lowering(const Graph &graph, const LayoutAssignment &layouts, const Board &board)
        : graph_(graph),
          layouts_(layouts),
          vector_(board.vector_floats),
          tensor_of_(graph.values.size(), -1),
          main_halo_(graph.values.size()),
          is_flat_(graph.values.size(), false) {}

    Plan lower() {
        find_all_images();
        find_halos();
        for (int i = 0; i < (int)graph_.inputs.size(); i++) {
            const ValueId v = graph_.inputs[i];
            tensor_of_[v] =
                add_tensor(graph_.values[v].name, main_view(v), PlanTensor::Place::input, i);
        }
        plan_.images = layouts_.loop.images;
        for (size_t n = 0; n < graph_.nodes.size(); n++) {
            lower_node(n);
            if (is_looped(n)) plan_.looped_steps = (int)plan_.steps.size();
        }
        for (int i = 0; i < (int)graph_.outputs.size(); i++) write_output(i);
        number_kernels();
        return std::move(plan_);
    }

private:
    bool is_looped(size_t n) const { return layouts_.loop.covers((int)n); }

    // Values that have all images: those that some node reads or writes for all at once, and the
    // graph's inputs and outputs.
    void find_all_images() {
        has_all_images_.assign(graph_.values.size(), false);
        for (ValueId v : graph_.inputs) has_all_images_[v] = true;
        for (ValueId v : graph_.outputs) has_all_images_[v] = true;
        for (size_t n = 0; n < graph_.nodes.size(); n++) {
            if (is_looped(n)) continue;
            const Node &node = graph_.nodes[n];
            has_all_images_[node.output] = true;
            for (ValueId v : node.inputs) has_all_images_[v] = true;
        }
    }

    View main_view(ValueId v) const {
        View view = value_view(graph_.values[v], layouts_.stored[v], vector_);
        if (!has_all_images_[v]) view.mb = 1;
        view.halo = main_halo_[v];
        return view;
    }

    Kernel as_called(size_t n, const Kernel &kernel) const {
        return is_looped(n) ? for_one_image(kernel, layouts_.loop.images) : kernel;
    }

    bool is_graph_input(ValueId v) const {
        return std::find(graph_.inputs.begin(), graph_.inputs.end(), v) != graph_.inputs.end();
    }

    bool is_literal(ValueId v) const {
        const int producer = graph_.producer(v);
        return producer >= 0 && std::holds_alternative<Literal>(graph_.nodes[producer].operation);
    }

    // The output that a value can be written to directly, or -1.
    int direct_output(ValueId v) const {
        if (is_graph_input(v) || is_literal(v) || layouts_.stored[v] != Layout{}) return -1;
        const auto at = std::find(graph_.outputs.begin(), graph_.outputs.end(), v);
        return at == graph_.outputs.end() ? -1 : int(at - graph_.outputs.begin());
    }

    void find_halos() {
        for (ValueId v = 0; v < (int)graph_.values.size(); v++) {
            is_flat_[v] = is_graph_input(v) || direct_output(v) >= 0;
        }
        for (const Node &node : graph_.nodes) {
            if (needs_nchw(graph_, node) || std::holds_alternative<Literal>(node.operation))
                is_flat_[node.output] = true;
        }
        for (size_t n = 0; n < graph_.nodes.size(); n++) {
            const Node &node = graph_.nodes[n];
            if (reads_flat(graph_, node) || node.inputs.empty()) continue;
            const ValueId v = node.inputs[0];
            const Layout read = layouts_.read[n][0];
            const Halo halo = halo_needed(graph_, node, read, layouts_.stored[node.output]);
            if (read == layouts_.stored[v] && !is_flat_[v]) {
                main_halo_[v] = largest(main_halo_[v], halo);
            } else {
                Halo &copy = copy_halo_[{v, read, false, is_looped(n)}];
                copy = largest(copy, halo);
            }
        }
    }

    int add_tensor(const std::string &name, const View &view, PlanTensor::Place place,
                   int index = 0) {
        plan_.tensors.push_back({name, view, place, index});
        return (int)plan_.tensors.size() - 1;
    }

    PlanStep &add_step(const std::string &name, int node, Kernel kernel, Operand input,
                       Operand output) {
        plan_.steps.push_back({name, std::move(kernel), input, output, {}, node});
        return plan_.steps.back();
    }

    // The tensor to read a node's input from, copied first where the value's own will not do.
    int source(size_t n, ValueId v, Layout layout, const Halo &halo, bool flat) {
        const Halo own = main_halo_[v];
        const bool fits = flat ? own == Halo{} : largest(own, halo) == own;
        if (layout == layouts_.stored[v] && fits) return tensor_of_[v];
        const Source key{v, layout, flat, is_looped(n)};
        if (const auto known = copies_.find(key); known != copies_.end()) return known->second;
        View view = value_view(graph_.values[v], layout, vector_);
        if (is_looped(n)) view.mb = 1;
        if (!flat) view.halo = copy_halo_[key];
        const std::string &name = graph_.values[v].name;
        const int copy =
            add_tensor(name + " as " + to_string(layout), view, PlanTensor::Place::arena);
        const View &from = plan_.tensors[tensor_of_[v]].view;
        add_step("reorder " + name, -1, as_called(n, ReorderKernel{from, view, 0}),
                 {tensor_of_[v], 0}, {copy, view.origin()});
        return copies_[key] = copy;
    }

    void lower_node(size_t n) {
        const Node &node = graph_.nodes[n];
        const ValueId out = node.output;
        const bool flat = reads_flat(graph_, node);
        std::vector<int> inputs;
        for (size_t i = 0; i < node.inputs.size(); i++) {
            inputs.push_back(
                source(n, node.inputs[i], layouts_.read[n][i],
                       i == 0 ? halo_needed(graph_, node, layouts_.read[n][0], layouts_.stored[out])
                              : Halo{},
                       flat || is_packed_input(node, (int)i)));
        }
        if (const auto *literal = std::get_if<Literal>(&node.operation)) {
            tensor_of_[out] =
                add_tensor(graph_.values[out].name, main_view(out), PlanTensor::Place::constant);
            plan_.tensors.back().data = std::make_shared<const std::vector<float>>(
                pack_activation(main_view(out), literal->data->data()));
            return;
        }
        const int direct = direct_output(out);
        tensor_of_[out] =
            add_tensor(graph_.values[out].name, main_view(out),
                       direct >= 0 ? PlanTensor::Place::output : PlanTensor::Place::arena,
                       std::max(direct, 0));
        if (std::holds_alternative<Concat>(node.operation)) {
            lower_concat(n, inputs);
            return;
        }
        Kernel kernel = as_called(
            n, node_kernel(graph_, node, layouts_.read[n], layouts_.stored[out], vector_));
        const View &in_view = plan_.tensors[inputs[0]].view,
                   &out_view = plan_.tensors[tensor_of_[out]].view;
        if (!flat) std::visit([&](auto &k) { k.input.halo = in_view.halo; }, kernel);
        std::visit([&](auto &k) { k.output.halo = out_view.halo; }, kernel);

        PlanStep &step = add_step(node.name, (int)n, kernel, {inputs[0], 0},
                                  {tensor_of_[out], out_view.origin()});
        if (View *second = second_input(step.kernel)) {
            if (!flat) second->halo = plan_.tensors[inputs[1]].view.halo;
            // Of the views, only a residual's coordinates begin behind its halo.
            const bool is_residual = residual_of(step.kernel) != nullptr;
            step.addend.push_back({inputs[1], is_residual ? second->origin() : 0});
        }
        attach_constants(node, plan_.tensors[inputs[0]].view, step);
        if (const auto *conv = std::get_if<Conv2d>(&node.operation)) {
            if (!conv->weights) step.runtime_weights = {inputs[conv->weights_input()]};
            if (!conv->bias) step.runtime_bias = {inputs[conv->bias_input()]};
        }
    }

    void lower_concat(size_t n, const std::vector<int> &inputs) {
        const Node &node = graph_.nodes[n];
        const int out = tensor_of_[node.output];
        for (int i = 0; i < (int)inputs.size(); i++) {
            ReorderKernel kernel = std::get<ReorderKernel>(
                as_called(n, concat_kernel(graph_, node, i, layouts_.read[n][i],
                                           layouts_.stored[node.output], vector_)));
            if (!needs_nchw(graph_, node)) {
                kernel.input.halo = plan_.tensors[inputs[i]].view.halo;
                kernel.output.halo = plan_.tensors[out].view.halo;
            }
            const int64_t start = kernel.output.origin() + kernel.first_channel /
                                                               kernel.output.layout.block *
                                                               kernel.output.plane_stride();
            add_step(node.name + "/" + std::to_string(i), (int)n, kernel, {inputs[i], 0},
                     {out, start});
        }
    }

    void attach_constants(const Node &node, const View &input, PlanStep &step) {
        if (const auto *conv = std::get_if<Conv2d>(&node.operation)) {
            step.weights = conv->weights, step.bias = conv->bias;
        } else if (const auto *separable = std::get_if<SeparableConv2d>(&node.operation)) {
            const Conv2d &first = separable->depthwise, &last = separable->pointwise;
            step.weights = joined({first.weights, last.weights});
            step.bias = joined({first.bias, last.bias});
        } else if (const auto *two_level = std::get_if<TwoLevelConv2d>(&node.operation)) {
            step.weights =
                joined({two_level->grouped.weights, two_level->representatives, two_level->spread});
            step.bias = two_level->grouped.bias;
        } else if (const auto *full = std::get_if<FullyConnected>(&node.operation)) {
            step.weights = weights_in_memory_order(*full, input), step.bias = full->bias;
        } else if (const auto *scale = std::get_if<ScaleShift>(&node.operation)) {
            step.weights = scale->scale, step.bias = scale->shift;
        } else if (const auto *normalize = std::get_if<Normalize>(&node.operation)) {
            step.weights = normalize->scale, step.bias = normalize->shift;
        } else if (const auto *resample = std::get_if<Resample>(&node.operation)) {
            step.weights = resample->weights, step.bias = resample->indices;
        }
    }

    static Constant joined(const std::vector<Constant> &parts) {
        std::vector<float> all;
        for (const Constant &part : parts) all.insert(all.end(), part->begin(), part->end());
        return std::make_shared<const std::vector<float>>(std::move(all));
    }

    // A fully connected layer reads the floats of its input as they lie, padding lanes included.
    static Constant weights_in_memory_order(const FullyConnected &full, const View &input) {
        View image = input;
        image.mb = 1;
        const int row_floats = flat_view(image).c;
        std::vector<float> ordered;
        ordered.reserve((size_t)full.oc * row_floats);
        for (int oc = 0; oc < full.oc; oc++) {
            const std::vector<float> row =
                pack_activation(image, full.weights->data() + (size_t)oc * full.ic);
            ordered.insert(ordered.end(), row.begin(), row.begin() + row_floats);
        }
        return std::make_shared<const std::vector<float>>(std::move(ordered));
    }

    void write_output(int i) {
        const ValueId v = graph_.outputs[i];
        if (direct_output(v) == i) return;
        const PlanTensor from = plan_.tensors[tensor_of_[v]];
        const View view = value_view(graph_.values[v], {}, vector_);
        const int out =
            add_tensor(graph_.values[v].name + " out", view, PlanTensor::Place::output, i);
        add_step("output " + graph_.values[v].name, -1, plain_reorder(from.view, view),
                 {tensor_of_[v], 0}, {out, 0});
    }

    void number_kernels() {
        std::map<std::string, int> known;
        for (PlanStep &step : plan_.steps) {
            step.kernel = flattened(step.kernel, vector_);
            const auto [entry, is_new] =
                known.try_emplace(to_string(step.kernel), (int)plan_.kernels.size());
            if (is_new) plan_.kernels.push_back(step.kernel);
            step.kernel_index = entry->second;
        }
    }

    const Graph &graph_;
    const LayoutAssignment &layouts_;
    int vector_;
    Plan plan_;
    std::vector<int> tensor_of_;   // by value
    std::vector<Halo> main_halo_;  // by value
    std::vector<bool> is_flat_;    // by value: its own tensor can have no halo
    std::vector<bool> has_all_images_;
    std::map<Source, Halo> copy_halo_;
    std::map<Source, int> copies_;
};

}  // namespace

Plan lower(const Graph &graph, const LayoutAssignment &layouts, const Board &board) {
    return Lowering(graph, layouts, board).lower();
}

}  // namespace convoy
