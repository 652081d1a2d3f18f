#include "tests/kernels/kernel_reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace convoy {

namespace {

bool inside(int y, int x, const Tensor &t) {
    return y >= 0 && y < t.h && x >= 0 && x < t.w;
}

struct Reference {
    const Operands &operands;
    const Tensor &in = operands.input;

    Tensor operator()(const Conv2dKernel &kernel) const {
        const Tensor sums =
            convolved(kernel.problem, in, operands.weights.data(), operands.bias.data());
        return finished(sums, kernel);
    }

    Tensor operator()(const SeparableConv2dKernel &kernel) const {
        const ConvProblem &p = kernel.depthwise;
        Tensor middle = convolved(p, in, operands.weights.data(), operands.bias.data());
        for (float &value : middle.values) value = float(activated(value, kernel.middle));
        const Tensor sums =
            convolved(kernel.pointwise(), middle, operands.weights.data() + p.weight_count(),
                      operands.bias.data() + p.ic);
        return finished(sums, kernel);
    }

    Tensor operator()(const TwoLevelConv2dKernel &kernel) const {
        const ConvProblem &p = kernel.problem;
        ConvProblem first = p, spread;
        first.oc = p.g;
        spread.mb = p.mb, spread.ic = p.g, spread.ih = p.oh, spread.iw = p.ow;
        spread.oc = p.oc, spread.oh = p.oh, spread.ow = p.ow;
        const std::vector<float> zeros(std::max(p.g, p.oc), 0.0f);
        const float *weights = operands.weights.data();
        const Tensor representatives =
            convolved(first, in, weights + p.weight_count(), zeros.data());
        const Tensor coarse =
            convolved(spread, representatives, weights + p.weight_count() + first.weight_count(),
                      zeros.data());
        Tensor sums = convolved(p, in, weights, operands.bias.data());
        for (size_t i = 0; i < sums.values.size(); i++) sums.values[i] += coarse.values[i];
        return finished(sums, kernel);
    }

    template<typename Convolution>
    Tensor finished(Tensor sums, const Convolution &kernel) const {
        for (int n = 0; n < sums.mb; n++) {
            for (int c = 0; c < sums.c; c++) {
                for (int y = 0; y < sums.h; y++) {
                    for (int x = 0; x < sums.w; x++) {
                        float &value = sums.at(n, c, y, x);
                        value = finished(value, kernel.residual.has_value(), kernel.combine,
                                         kernel.activation, n, c, y, x);
                    }
                }
            }
        }
        return sums;
    }

    static Tensor convolved(const ConvProblem &p, const Tensor &in, const float *weights,
                            const float *bias) {
        const int ic = p.ic / p.g, oc = p.oc / p.g;
        Tensor out(p.mb, p.oc, p.oh, p.ow);
        for (int n = 0; n < p.mb; n++) {
            for (int o = 0; o < p.oc; o++) {
                const float *taps = weights + size_t(o) * ic * p.kh * p.kw;
                for (int y = 0; y < p.oh; y++) {
                    for (int x = 0; x < p.ow; x++)
                        out.at(n, o, y, x) =
                            bias[o] + window_sum(p, in, taps, n, o / oc * ic, y, x);
                }
            }
        }
        return out;
    }

    // An epilogue: the second operand, then the activation.
    float finished(float value, bool has_addend, Combine combine, const Activation &activation,
                   int n, int c, int y, int x) const {
        const double both =
            has_addend ? combined(value, operands.addend.broadcast_at(n, c, y, x), combine) : value;
        return float(activated(both, activation));
    }

    static float window_sum(const ConvProblem &p, const Tensor &in, const float *taps, int n,
                            int first_ic, int y, int x) {
        float sum = 0;
        for (int c = 0; c < p.ic / p.g; c++) {
            for (int ky = 0; ky < p.kh; ky++) {
                for (int kx = 0; kx < p.kw; kx++) {
                    const int iy = y * p.sh + ky * p.dh - p.ph, ix = x * p.sw + kx * p.dw - p.pw;
                    if (!inside(iy, ix, in)) continue;
                    sum += taps[(c * p.kh + ky) * p.kw + kx] * in.at(n, first_ic + c, iy, ix);
                }
            }
        }
        return sum;
    }

    Tensor operator()(const Pool2dKernel &kernel) const {
        const PoolProblem &p = kernel.problem;
        Tensor out(p.mb, p.c, p.oh, p.ow);
        for (int n = 0; n < p.mb; n++) {
            for (int c = 0; c < p.c; c++) {
                for (int y = 0; y < p.oh; y++) {
                    for (int x = 0; x < p.ow; x++) out.at(n, c, y, x) = pooled(p, n, c, y, x);
                }
            }
        }
        return out;
    }

    float pooled(const PoolProblem &p, int n, int c, int y, int x) const {
        float sum = 0, largest = -std::numeric_limits<float>::infinity();
        int taps = 0;
        for (int ky = 0; ky < p.kh; ky++) {
            for (int kx = 0; kx < p.kw; kx++) {
                const int iy = y * p.sh + ky * p.dh - p.ph, ix = x * p.sw + kx * p.dw - p.pw;
                if (!inside(iy, ix, in)) continue;
                sum += in.at(n, c, iy, ix);
                largest = std::max(largest, in.at(n, c, iy, ix));
                taps++;
            }
        }
        if (p.kind == PoolProblem::Kind::max) return largest;
        return sum / (float)(p.count_include_pad ? p.kh * p.kw : taps);
    }

    Tensor operator()(const ElementwiseKernel &kernel) const {
        Tensor out(kernel.output.mb, kernel.output.c, kernel.output.h, kernel.output.w);
        for (int n = 0; n < out.mb; n++) {
            for (int c = 0; c < out.c; c++) {
                for (int y = 0; y < out.h; y++) {
                    for (int x = 0; x < out.w; x++) {
                        float value = in.broadcast_at(n, c, y, x);
                        if (kernel.has_scale_shift)
                            value = value * operands.weights[c] + operands.bias[c];
                        out.at(n, c, y, x) =
                            finished(value, kernel.addend.has_value(), kernel.combine,
                                     kernel.activation, n, c, y, x);
                    }
                }
            }
        }
        return out;
    }

    Tensor operator()(const ReorderKernel &kernel) const {
        Tensor out(in.mb, std::min(in.c, kernel.output.c), in.h, in.w);
        for (int n = 0; n < out.mb; n++) {
            for (int c = 0; c < out.c; c++) {
                for (int y = 0; y < out.h; y++) {
                    for (int x = 0; x < out.w; x++)
                        out.at(n, c, y, x) = in.at(n, c + kernel.input_channel, y, x);
                }
            }
        }
        return out;
    }

    Tensor operator()(const StridedCopyKernel &kernel) const {
        Tensor out(1, 1, 1, (int)kernel.output.floats());
        const std::vector<int64_t> elements = copied_elements(kernel.copy);
        for (size_t i = 0; i < elements.size(); i++)
            out.values[i] = elements[i] < 0 ? kernel.copy.fill : in.values[elements[i]];
        return out;
    }

    Tensor operator()(const ResampleKernel &kernel) const {
        using Axis = ResampleKernel::Axis;
        const View &to = kernel.output;
        Tensor out(to.mb, to.c, to.h, to.w);
        for (int n = 0; n < to.mb; n++) {
            for (int c = 0; c < to.c; c++) {
                for (int y = 0; y < to.h; y++) {
                    for (int x = 0; x < to.w; x++) {
                        const int at = kernel.axis == Axis::c ? c : kernel.axis == Axis::h ? y : x;
                        float sum = 0;
                        for (int t = at * kernel.taps; t < (at + 1) * kernel.taps; t++) {
                            const int from = (int)operands.bias[t];
                            sum += operands.weights[t] * in.at(n, kernel.axis == Axis::c ? from : c,
                                                               kernel.axis == Axis::h ? from : y,
                                                               kernel.axis == Axis::w ? from : x);
                        }
                        out.at(n, c, y, x) = sum;
                    }
                }
            }
        }
        return out;
    }

    Tensor operator()(const ChannelShuffleKernel &kernel) const {
        Tensor out = in;
        const size_t plane = size_t(in.h) * in.w;
        const int columns = in.c / kernel.groups;
        for (int c = 0; c < in.mb * in.c; c++) {
            const int image = c / in.c, row = c % in.c / columns, column = c % in.c % columns;
            const int to = image * in.c + column * kernel.groups + row;
            std::copy_n(in.values.begin() + c * plane, plane, out.values.begin() + to * plane);
        }
        return out;
    }

    Tensor operator()(const ReduceKernel &kernel) const {
        Tensor out(in.mb, 1, in.h, in.w);
        for (int n = 0; n < in.mb; n++) {
            for (int y = 0; y < in.h; y++) {
                for (int x = 0; x < in.w; x++)
                    out.at(n, 0, y, x) = float(reduced(kernel.reduction, n, y, x));
            }
        }
        return out;
    }

    double reduced(Reduction reduction, int n, int y, int x) const {
        double sum = 0, product = 1, largest = in.at(n, 0, y, x), least = largest;
        for (int c = 0; c < in.c; c++) {
            const double value = in.at(n, c, y, x);
            sum += value, product *= value;
            largest = std::max(largest, value), least = std::min(least, value);
        }
        const double results[] = {sum, sum / in.c, largest, least, product};
        return results[int(reduction)];
    }

    Tensor operator()(const NormalizeKernel &kernel) const {
        Tensor out = in;
        for (int n = 0; n < in.mb; n++) {
            for (int y = 0; y < in.h; y++) {
                for (int x = 0; x < in.w; x++) {
                    const double mean = reduced(Reduction::mean, n, y, x);
                    double variance = 0;
                    for (int c = 0; c < in.c; c++)
                        variance += std::pow(in.at(n, c, y, x) - mean, 2) / in.c;
                    for (int c = 0; c < in.c; c++) {
                        const double distance = in.at(n, c, y, x) - mean;
                        out.at(n, c, y, x) = float(distance / std::sqrt(variance + kernel.epsilon) *
                                                       operands.weights[c] +
                                                   operands.bias[c]);
                    }
                }
            }
        }
        return out;
    }

    Tensor operator()(const MatMulKernel &kernel) const {
        Tensor out(kernel.output.mb, kernel.output.c, kernel.output.h, kernel.output.w);
        const auto at = [](const Tensor &t, int n, int c, int row, int column, bool is_transposed) {
            if (is_transposed) std::swap(row, column);
            return t.at(t.mb == 1 ? 0 : n, t.c == 1 ? 0 : c, row, column);
        };
        for (int n = 0; n < out.mb; n++) {
            for (int c = 0; c < out.c; c++) {
                for (int y = 0; y < out.h; y++) {
                    for (int x = 0; x < out.w; x++) {
                        double sum = 0;
                        for (int k = 0; k < kernel.depth(); k++)
                            sum += at(in, n, c, y, k, kernel.is_input_transposed) *
                                   at(operands.addend, n, c, k, x, kernel.is_right_transposed);
                        out.at(n, c, y, x) = float(sum);
                    }
                }
            }
        }
        return out;
    }

    Tensor operator()(const SoftmaxKernel &kernel) const {
        Tensor out = in;
        for (int n = 0; n < in.mb; n++) {
            for (int y = 0; y < in.h; y++) {
                for (int x = 0; x < in.w; x++) {
                    double largest = in.at(n, 0, y, x), sum = 0;
                    for (int c = 0; c < in.c; c++)
                        largest = std::max(largest, (double)in.at(n, c, y, x));
                    for (int c = 0; c < in.c; c++) sum += std::exp(in.at(n, c, y, x) - largest);
                    for (int c = 0; c < in.c; c++) {
                        const double value = in.at(n, c, y, x) - largest;
                        out.at(n, c, y, x) =
                            float(kernel.is_log ? value - std::log(sum) : std::exp(value) / sum);
                    }
                }
            }
        }
        return out;
    }
};

void fill(std::vector<float> &values, std::mt19937 &random, int low, int high) {
    for (float &value : values) value = float(low + int(random() % unsigned(high - low + 1)));
}

Tensor tensor_of(const View &view, std::mt19937 &random, int low, int high) {
    Tensor t(view.mb, view.c, view.h, view.w);
    fill(t.values, random, low, high);
    return t;
}

}  // namespace

Operands integer_operands(const Kernel &kernel) {
    std::mt19937 random(1);
    Operands o;
    const View &input = std::visit([](const auto &k) -> const View & { return k.input; }, kernel);
    if (const auto *conv = std::get_if<Conv2dKernel>(&kernel)) {
        o.input = tensor_of(input, random, -4, 4);
        o.weights.resize(conv->problem.weight_count());
        o.bias.resize(conv->problem.oc);
        fill(o.weights, random, -3, 3);
    } else if (const auto *separable = std::get_if<SeparableConv2dKernel>(&kernel)) {
        // Small, so that two convolutions in a row stay exact.
        o.input = tensor_of(input, random, -4, 4);
        o.weights.resize(separable->depthwise.weight_count() +
                         separable->pointwise().weight_count());
        o.bias.resize(separable->depthwise.oc + separable->oc);
        fill(o.weights, random, -2, 2);
    } else if (const auto *two_level = std::get_if<TwoLevelConv2dKernel>(&kernel)) {
        o.input = tensor_of(input, random, -4, 4);
        o.weights.resize(two_level->weight_count());
        o.bias.resize(two_level->problem.oc);
        fill(o.weights, random, -2, 2);
    } else if (std::holds_alternative<Pool2dKernel>(kernel)) {
        // Negative: a pad taken for a zero would be the largest.
        o.input = tensor_of(input, random, -9, -1);
    } else {
        o.input = tensor_of(input, random, -50, 50);
    }
    if (std::holds_alternative<ElementwiseKernel>(kernel) ||
        std::holds_alternative<NormalizeKernel>(kernel)) {
        o.weights.resize(input.c);
        o.bias.resize(input.c);
        fill(o.weights, random, -3, 3);
    }
    const View *second = second_input(kernel);
    const int largest = o.bias.empty() ? 50 : 16;  // sums stay exact
    if (second) o.addend = tensor_of(*second, random, -largest, largest);
    fill(o.bias, random, -8, 8);
    if (const auto *resample = std::get_if<ResampleKernel>(&kernel)) {
        using Axis = ResampleKernel::Axis;
        const auto extent = [&](const View &v) {
            return resample->axis == Axis::c ? v.c : resample->axis == Axis::h ? v.h : v.w;
        };
        o.weights.resize(size_t(extent(resample->output)) * resample->taps);
        o.bias.resize(o.weights.size());
        fill(o.weights, random, -3, 3);
        fill(o.bias, random, 0, extent(resample->input) - 1);
    }
    return o;
}

Tensor reference_result(const Kernel &kernel, const Operands &operands) {
    return std::visit(Reference{operands}, kernel);
}

}  // namespace convoy
