#include "compiler/reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "compiler/broadcast.h"

namespace convoy {

namespace {

using Data = std::vector<double>;
using Dims = std::vector<int64_t>;

int64_t product(const Dims &dims, size_t begin, size_t end) {
    int64_t result = 1;
    for (size_t i = begin; i < end; ++i) result *= dims[i];
    return result;
}

void apply(const Activation &activation, Data &data) {
    if (activation.kind == Activation::Kind::none) return;
    for (double &x : data) x = activated(x, activation);
}

// One axis of a window: the outputs [begin, end) for which a tap's input lies inside.
struct TapRange {
    int begin, end;
};

TapRange tap_range(int i, int o, int stride, int offset) {
    // 0 <= out * stride + offset < i
    const int begin = offset < 0 ? (-offset + stride - 1) / stride : 0;
    const int end = i - offset <= 0 ? 0 : (i - offset - 1) / stride + 1;
    return {begin, std::min(o, end)};
}

// output plane += weights of one (oc, ic) * input plane. Innermost over ow, which is contiguous.
void accumulate_plane(const ConvProblem &p, const double *input, const double *weights,
                      double *output) {
    for (int kh = 0; kh < p.kh; ++kh) {
        const TapRange rows = tap_range(p.ih, p.oh, p.sh, kh * p.dh - p.ph);
        for (int kw = 0; kw < p.kw; ++kw) {
            const int offset = kw * p.dw - p.pw;
            const TapRange columns = tap_range(p.iw, p.ow, p.sw, offset);
            const double weight = weights[kh * p.kw + kw];
            for (int oh = rows.begin; oh < rows.end; ++oh) {
                const int ih = oh * p.sh + kh * p.dh - p.ph;
                const double *in = input + int64_t{ih} * p.iw + offset;
                double *out = output + int64_t{oh} * p.ow;
                if (p.sw == 1) {
                    for (int ow = columns.begin; ow < columns.end; ++ow) out[ow] += weight * in[ow];
                } else {
                    for (int ow = columns.begin; ow < columns.end; ++ow) {
                        out[ow] += weight * in[int64_t{ow} * p.sw];
                    }
                }
            }
        }
    }
}

// Evaluates one node; the call operators take each operation.
class NodeEvaluator {
public:
    NodeEvaluator(const Graph &graph, const Node &node, const std::vector<Data> &values)
        : graph_(graph), node_(node), values_(values) {}

    Data run() const { return std::visit(*this, node_.operation); }

    Data operator()(const Conv2d &conv) const {
        const Data weights = constant_or_input(conv.weights, conv.weights_input());
        const Data bias = constant_or_input(conv.bias, conv.bias_input());
        return finished(conv, convolve(conv.problem, weights, bias, input(0), {}));
    }

    Data operator()(const SeparableConv2d &separable) const {
        const Conv2d &first = separable.depthwise, &last = separable.pointwise;
        return finished(last, convolve(last, finished(first, convolve(first, input(0)))));
    }

    Data operator()(const TwoLevelConv2d &two_level) const {
        const ConvProblem &p = two_level.grouped.problem;
        const auto zeros = std::make_shared<const std::vector<float>>(p.oc, 0.0f);
        Conv2d first{.problem = p, .weights = two_level.representatives, .bias = zeros};
        first.problem.oc = p.g;
        Conv2d spread{.weights = two_level.spread, .bias = zeros};
        ConvProblem &q = spread.problem;
        q.mb = p.mb, q.ic = p.g, q.oc = p.oc;
        q.ih = q.oh = p.oh, q.iw = q.ow = p.ow;
        const Conv2d &grouped = two_level.grouped;
        return finished(grouped,
                        convolve(spread, convolve(first, input(0)), convolve(grouped, input(0))));
    }

    Data operator()(const FullyConnected &fc) const {
        Data output(size_t(fc.mb) * fc.oc);
        for (int mb = 0; mb < fc.mb; ++mb) {
            const double *in = input(0).data() + int64_t{mb} * fc.ic;
            for (int oc = 0; oc < fc.oc; ++oc) {
                const float *weights = fc.weights->data() + int64_t{oc} * fc.ic;
                double sum = (*fc.bias)[oc];
                for (int ic = 0; ic < fc.ic; ++ic) sum += weights[ic] * in[ic];
                output[int64_t{mb} * fc.oc + oc] = sum;
            }
        }
        apply(fc.activation, output);
        return output;
    }

    Data operator()(const ScaleShift &scale_shift) const {
        const Dims &dims = input_dims(0);
        const int64_t c = dims[1], plane = product(dims, 2, dims.size());
        Data output = input(0);
        for (size_t i = 0; i < output.size(); ++i) {
            const int64_t channel = int64_t(i) / plane % c;
            output[i] = (*scale_shift.scale)[channel] * output[i] + (*scale_shift.shift)[channel];
        }
        apply(scale_shift.activation, output);
        return output;
    }

    Data operator()(const Binary &binary) const {
        const auto a = broadcast_indices(output_dims(), input_dims(0));
        const auto b = broadcast_indices(output_dims(), input_dims(1));
        Data output(a.size());
        for (size_t i = 0; i < output.size(); ++i)
            output[i] = combined(input(0)[a[i]], input(1)[b[i]], binary.combine);
        apply(binary.activation, output);
        return output;
    }

    Data operator()(const Activate &activate) const {
        Data output = input(0);
        apply(activate.activation, output);
        return output;
    }

    Data operator()(const Pool2d &pool) const {
        const PoolProblem &p = pool.problem;
        Data output;
        output.reserve(size_t(p.mb) * p.c * p.oh * p.ow);
        for (int64_t plane = 0; plane < int64_t{p.mb} * p.c; ++plane) {
            const double *in = input(0).data() + plane * p.ih * p.iw;
            for (int oh = 0; oh < p.oh; ++oh) {
                for (int ow = 0; ow < p.ow; ++ow) output.push_back(pool_window(p, in, oh, ow));
            }
        }
        return output;
    }

    Data operator()(const Concat &concat) const {
        const Dims &dims = input_dims(0);
        const int64_t outer = product(dims, 0, concat.axis);
        Data output;
        output.reserve(graph_.values[node_.output].count());
        for (int64_t o = 0; o < outer; ++o) {
            for (size_t i = 0; i < node_.inputs.size(); ++i) {
                const int64_t run = int64_t(input(i).size()) / outer;
                const auto begin = input(i).begin() + o * run;
                output.insert(output.end(), begin, begin + run);
            }
        }
        return output;
    }

    Data operator()(const Softmax &softmax) const {
        const Dims &dims = input_dims(0);
        const int64_t extent = dims[softmax.axis];
        const int64_t stride = product(dims, softmax.axis + 1, dims.size());
        Data output = input(0);
        for (int64_t outer = 0; outer < int64_t(output.size()); outer += extent * stride) {
            for (int64_t inner = 0; inner < stride; ++inner) {
                soften(output.data() + outer + inner, extent, stride, softmax.is_log);
            }
        }
        return output;
    }

    Data operator()(const Reduce &reduce) const {
        const Dims &dims = input_dims(0);
        const int64_t extent = product(dims, reduce.first, reduce.last);
        const int64_t stride = product(dims, reduce.last, dims.size());
        Data output;
        for (int64_t outer = 0; outer < product(dims, 0, reduce.first); ++outer) {
            for (int64_t inner = 0; inner < stride; ++inner) {
                const double *column = input(0).data() + outer * extent * stride + inner;
                double result = column[0];
                for (int64_t i = 1; i < extent; ++i)
                    result = reduced(result, column[i * stride], reduce.reduction);
                output.push_back(reduce.reduction == Reduction::mean ? result / extent : result);
            }
        }
        return output;
    }

    Data operator()(const Normalize &normalize) const {
        const Dims &dims = input_dims(0);
        const int64_t extent = product(dims, normalize.first, normalize.last);
        const int64_t stride = product(dims, normalize.last, dims.size());
        Data output = input(0);
        for (int64_t outer = 0; outer < int64_t(output.size()); outer += extent * stride) {
            for (int64_t inner = 0; inner < stride; ++inner) {
                double *column = output.data() + outer + inner, mean = 0, variance = 0;
                for (int64_t i = 0; i < extent; ++i) mean += column[i * stride] / extent;
                for (int64_t i = 0; i < extent; ++i) {
                    const double distance = column[i * stride] - mean;
                    variance += distance * distance / extent;
                }
                for (int64_t i = 0; i < extent; ++i) {
                    double &x = column[i * stride];
                    x = (x - mean) / std::sqrt(variance + normalize.epsilon) *
                            (*normalize.scale)[i] +
                        (*normalize.shift)[i];
                }
            }
        }
        return output;
    }

    Data operator()(const MatMul &matmul) const {
        const Dims &result = output_dims();
        const Dims batch(result.begin(), result.end() - 2);
        const Dims &a_dims = input_dims(0), &b_dims = input_dims(1);
        const auto a_batch = broadcast_indices(batch, {a_dims.begin(), a_dims.end() - 2});
        const auto b_batch = broadcast_indices(batch, {b_dims.begin(), b_dims.end() - 2});
        const int64_t m = result[result.size() - 2], n = result.back();
        const int64_t k = product(a_dims, a_dims.size() - 2, a_dims.size()) / m;
        const int64_t a_row = matmul.is_a_transposed ? 1 : k,
                      a_step = matmul.is_a_transposed ? m : 1;
        const int64_t b_column = matmul.is_b_transposed ? k : 1,
                      b_step = matmul.is_b_transposed ? 1 : n;
        Data output;
        output.reserve(graph_.values[node_.output].count());
        for (size_t batch_index = 0; batch_index < a_batch.size(); ++batch_index) {
            const double *a = input(0).data() + a_batch[batch_index] * m * k;
            const double *b = input(1).data() + b_batch[batch_index] * k * n;
            for (int64_t row = 0; row < m; ++row) {
                for (int64_t column = 0; column < n; ++column) {
                    double sum = 0;
                    for (int64_t i = 0; i < k; ++i)
                        sum += a[row * a_row + i * a_step] * b[column * b_column + i * b_step];
                    output.push_back(sum);
                }
            }
        }
        return output;
    }

    Data operator()(const Literal &literal) const {
        return {literal.data->begin(), literal.data->end()};
    }

    Data operator()(const Reshape &) const { return input(0); }

    Data operator()(const StridedCopy &strided) const {
        Data output;
        output.reserve(graph_.values[node_.output].count());
        for (int64_t element : copied_elements(strided.copy)) {
            output.push_back(element < 0 ? strided.copy.fill : input(0)[element]);
        }
        return output;
    }

    Data operator()(const Resample &resample) const {
        const Dims &from = input_dims(0), &to = graph_.values[node_.output].dims;
        const int64_t inner = product(from, resample.axis + 1, from.size());
        const int64_t extent_in = from[resample.axis], extent_out = to[resample.axis];
        Data output(graph_.values[node_.output].count());
        for (int64_t i = 0; i < int64_t(output.size()); ++i) {
            const int64_t at = i / inner % extent_out, outer = i / inner / extent_out;
            for (int64_t t = at * resample.taps; t < (at + 1) * resample.taps; ++t) {
                const int64_t index = int64_t((*resample.indices)[t]);
                output[i] += (*resample.weights)[t] *
                             input(0)[(outer * extent_in + index) * inner + i % inner];
            }
        }
        return output;
    }

    Data operator()(const ChannelShuffle &shuffle) const {
        const Dims &dims = input_dims(0);
        const int64_t c = dims[1], plane = dims[2] * dims[3];
        Data output(input(0).size());
        for (int64_t row = 0; row < dims[0] * c; ++row) {
            const int64_t group = row % c % shuffle.groups, in_group = row % c / shuffle.groups;
            const int64_t from = row / c * c + group * (c / shuffle.groups) + in_group;
            std::copy_n(input(0).begin() + from * plane, plane, output.begin() + row * plane);
        }
        return output;
    }

private:
    // output += conv(in) + bias; an empty output is 0.
    static Data convolve(const ConvProblem &p, const Data &weights, const Data &bias,
                         const Data &in, Data output) {
        const int64_t in_plane = int64_t{p.ih} * p.iw, out_plane = int64_t{p.oh} * p.ow;
        const int64_t taps = int64_t{p.kh} * p.kw;
        if (output.empty()) output.resize(size_t(p.mb) * p.oc * out_plane);
        for (int mb = 0; mb < p.mb; ++mb) {
            for (int oc = 0; oc < p.oc; ++oc) {
                const int first_ic = oc / p.oc_per_group() * p.ic_per_group();
                double *out = output.data() + (int64_t{mb} * p.oc + oc) * out_plane;
                for (int64_t i = 0; i < out_plane; ++i) out[i] += bias[oc];
                for (int i = 0; i < p.ic_per_group(); ++i) {
                    const int64_t ic = int64_t{mb} * p.ic + first_ic + i;
                    const int64_t kernel = int64_t{oc} * p.ic_per_group() + i;
                    accumulate_plane(p, in.data() + ic * in_plane, weights.data() + kernel * taps,
                                     out);
                }
            }
        }
        return output;
    }
    static Data convolve(const Conv2d &conv, const Data &in, Data output = {}) {
        const auto values = [](const Constant &c) { return Data(c->begin(), c->end()); };
        return convolve(conv.problem, values(conv.weights), values(conv.bias), in,
                        std::move(output));
    }

    Data finished(const Conv2d &conv, Data output) const {
        const ConvProblem &p = conv.problem;
        if (conv.has_residual) {
            const auto indices = broadcast_indices({p.mb, p.oc, p.oh, p.ow}, input_dims(1));
            for (size_t i = 0; i < output.size(); ++i)
                output[i] = combined(output[i], input(1)[indices[i]], conv.combine);
        }
        apply(conv.activation, output);
        return output;
    }

    const Data &input(size_t i) const { return values_[node_.inputs[i]]; }
    Data constant_or_input(const Constant &constant, size_t i) const {
        return constant ? Data(constant->begin(), constant->end()) : input(i);
    }
    const Dims &input_dims(size_t i) const { return graph_.values[node_.inputs[i]].dims; }
    const Dims &output_dims() const { return graph_.values[node_.output].dims; }

    static double reduced(double a, double b, Reduction reduction) {
        switch (reduction) {
            case Reduction::sum:
            case Reduction::mean:
                return a + b;
            case Reduction::max:
                return std::max(a, b);
            case Reduction::min:
                return std::min(a, b);
            case Reduction::product:
                return a * b;
        }
        return a;
    }

    static double pool_window(const PoolProblem &p, const double *in, int oh, int ow) {
        const bool is_max = p.kind == PoolProblem::Kind::max;
        double result = is_max ? -std::numeric_limits<double>::infinity() : 0;
        int count = 0;
        for (int kh = 0; kh < p.kh; ++kh) {
            const int ih = oh * p.sh + kh * p.dh - p.ph;
            if (ih < 0 || ih >= p.ih) continue;
            for (int kw = 0; kw < p.kw; ++kw) {
                const int iw = ow * p.sw + kw * p.dw - p.pw;
                if (iw < 0 || iw >= p.iw) continue;
                const double x = in[int64_t{ih} * p.iw + iw];
                if (!is_max) result += x;
                // A NaN wins and stays.
                if (is_max && !(x <= result)) result = std::isnan(result) ? result : x;
                ++count;
            }
        }
        if (is_max) return result;
        return result / (p.count_include_pad ? p.kh * p.kw : count);
    }

    static void soften(double *x, int64_t extent, int64_t stride, bool is_log) {
        double highest = x[0], sum = 0;
        for (int64_t i = 1; i < extent; ++i) highest = std::max(highest, x[i * stride]);
        for (int64_t i = 0; i < extent; ++i) sum += std::exp(x[i * stride] - highest);
        for (int64_t i = 0; i < extent; ++i) {
            double &y = x[i * stride];
            y = is_log ? y - highest - std::log(sum) : std::exp(y - highest) / sum;
        }
    }

    const Graph &graph_;
    const Node &node_;
    const std::vector<Data> &values_;
};

void check_inputs(const Graph &graph, const std::vector<Data> &inputs) {
    if (inputs.size() != graph.inputs.size()) {
        throw std::invalid_argument("graph '" + graph.name + "' was given " +
                                    std::to_string(inputs.size()) + " inputs, expected " +
                                    std::to_string(graph.inputs.size()));
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
        const Value &value = graph.values[graph.inputs[i]];
        if (int64_t(inputs[i].size()) == value.count()) continue;
        throw std::invalid_argument("input '" + value.name + "' has " +
                                    std::to_string(inputs[i].size()) + " elements, expected " +
                                    std::to_string(value.count()) + " for " +
                                    dims_text(value.dims));
    }
}

}  // namespace

std::vector<Data> evaluate(const Graph &graph, const std::vector<Data> &inputs) {
    check_inputs(graph, inputs);
    std::vector<Data> values(graph.values.size());
    std::vector<int> reads_left(graph.values.size());
    for (size_t v = 0; v < values.size(); ++v) reads_left[v] = graph.uses(ValueId(v));
    for (size_t i = 0; i < inputs.size(); ++i) values[graph.inputs[i]] = inputs[i];
    for (const Node &node : graph.nodes) {
        values[node.output] = NodeEvaluator(graph, node, values).run();
        for (ValueId input : node.inputs) {
            if (--reads_left[input] == 0) Data().swap(values[input]);
        }
    }
    std::vector<Data> outputs;
    for (ValueId output : graph.outputs) outputs.push_back(values[output]);
    return outputs;
}

}  // namespace convoy
