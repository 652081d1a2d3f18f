#include "generators/kernel.h"

namespace convoy {

namespace {

std::string activation_text(const Activation &activation) {
    return activation.kind == Activation::Kind::none ? "" : "+" + to_string(activation);
}

std::string dims_text(const View &view) {
    return (view.mb == 1 ? "" : "mb" + std::to_string(view.mb)) + "c" + std::to_string(view.c) +
           "h" + std::to_string(view.h) + "w" + std::to_string(view.w);
}

// With its dims where they are not the output's.
std::string view_text(const View &view, const View &output) {
    const std::string dims = dims_text(view);
    return dims == dims_text(output) ? to_string(view) : dims + " " + to_string(view);
}

template<typename K>
std::string combine_text(const char *before, const std::optional<View> &addend, const K &kernel) {
    return addend ? before + std::string(to_string(kernel.combine)) : "";
}

template<typename K>
std::string addend_text(const std::optional<View> &addend, const K &kernel) {
    if (!addend) return "";
    return combine_text(" ", addend, kernel) + " " + view_text(*addend, kernel.output);
}

std::string pool_text(const PoolProblem &p) {
    std::string text = p.kind == PoolProblem::Kind::max ? "max"
                       : p.count_include_pad            ? "avg_pad"
                                                        : "avg";
    const auto put = [&](const char *letter, int value) { text += letter + std::to_string(value); };
    text += " ";
    if (p.mb != 1) put("mb", p.mb);
    put("c", p.c), put("ih", p.ih), put("iw", p.iw), put("oh", p.oh), put("ow", p.ow);
    put("kh", p.kh), put("kw", p.kw), put("sh", p.sh), put("sw", p.sw);
    if (p.dh != 1 || p.dw != 1) put("dh", p.dh), put("dw", p.dw);
    put("ph", p.ph), put("pw", p.pw);
    if (p.ph_end != p.ph || p.pw_end != p.pw) put("phe", p.ph_end), put("pwe", p.pw_end);
    return text;
}

template<typename Convolution>
std::string epilogue_and_views(const Convolution &k) {
    return "+bias" + combine_text("+", k.residual, k) + activation_text(k.activation) + " " +
           to_string(k.input) + "->" + to_string(k.output) + addend_text(k.residual, k);
}

struct Printer {
    std::string operator()(const Conv2dKernel &k) const {
        return "conv2d " + to_string(k.problem) + epilogue_and_views(k);
    }
    std::string operator()(const SeparableConv2dKernel &k) const {
        return "separable_conv2d " + to_string(k.depthwise) + "+bias" + activation_text(k.middle) +
               " oc" + std::to_string(k.oc) + epilogue_and_views(k);
    }
    std::string operator()(const TwoLevelConv2dKernel &k) const {
        return "two_level_conv2d " + to_string(k.problem) + epilogue_and_views(k);
    }
    std::string operator()(const Pool2dKernel &k) const {
        return "pool2d " + pool_text(k.problem) + " " + to_string(k.input) + "->" +
               to_string(k.output);
    }
    std::string operator()(const ElementwiseKernel &k) const {
        return "elementwise " + dims_text(k.output) + (k.has_scale_shift ? "+scale_shift" : "") +
               combine_text("+", k.addend, k) + activation_text(k.activation) + " " +
               view_text(k.input, k.output) + "->" + to_string(k.output) + addend_text(k.addend, k);
    }
    std::string operator()(const ReorderKernel &k) const {
        return "reorder " + dims_text(k.input) + " " + to_string(k.input) + "->" +
               to_string(k.output) +
               (k.output.c != k.input.c ? " at channel " + std::to_string(k.first_channel) +
                                              " of " + std::to_string(k.output.c)
                                        : "") +
               (k.input_channel ? " from channel " + std::to_string(k.input_channel) : "");
    }
    std::string operator()(const SoftmaxKernel &k) const {
        return (k.is_log ? "log_softmax " : "softmax ") + dims_text(k.input) + " " +
               to_string(k.input) + "->" + to_string(k.output);
    }
    std::string operator()(const ReduceKernel &k) const {
        return "reduce_" + std::string(to_string(k.reduction)) + " " + dims_text(k.input) + " " +
               to_string(k.input) + "->" + to_string(k.output);
    }
    std::string operator()(const NormalizeKernel &k) const {
        return "normalize(" + exact_text(k.epsilon) + ") " + dims_text(k.input) + " " +
               to_string(k.input) + "->" + to_string(k.output);
    }
    std::string operator()(const MatMulKernel &k) const {
        return "matmul " + dims_text(k.input) + (k.is_input_transposed ? " transposed" : "") +
               " by " + dims_text(k.right) + (k.is_right_transposed ? " transposed" : "");
    }
    std::string operator()(const StridedCopyKernel &k) const {
        return "strided_copy " + to_string(k.copy) + " of " + std::to_string(k.input.floats());
    }
    std::string operator()(const ResampleKernel &k) const {
        static const char *const axes[] = {"c", "h", "w"};
        return "resample " + dims_text(k.input) + " to " + dims_text(k.output) + " along " +
               axes[(int)k.axis] + " taps " + std::to_string(k.taps) + " " + to_string(k.input) +
               "->" + to_string(k.output);
    }

    std::string operator()(const ChannelShuffleKernel &k) const {
        return "channel_shuffle g" + std::to_string(k.groups) + " " + dims_text(k.input) + " " +
               to_string(k.input) + "->" + to_string(k.output);
    }
};

}  // namespace

ConvProblem SeparableConv2dKernel::pointwise() const {
    ConvProblem p;
    p.mb = depthwise.mb;
    p.ic = depthwise.oc, p.ih = depthwise.oh, p.iw = depthwise.ow;
    p.oc = oc, p.oh = depthwise.oh, p.ow = depthwise.ow;
    return p;
}

int64_t TwoLevelConv2dKernel::weight_count() const {
    return problem.weight_count() + int64_t{problem.ic} * problem.kh * problem.kw +
           int64_t{problem.oc} * problem.g;
}

int64_t TwoLevelConv2dKernel::macs() const {
    return weight_count() * problem.mb * problem.oh * problem.ow;
}

const View *residual_of(const Kernel &kernel) {
    return std::visit(
        [](const auto &k) -> const View * {
            if constexpr (requires { k.residual; }) return k.residual ? &*k.residual : nullptr;
            return nullptr;
        },
        kernel);
}

const ConvProblem *window_of(const Kernel &kernel) {
    if (const auto *conv = std::get_if<Conv2dKernel>(&kernel)) return &conv->problem;
    if (const auto *conv = std::get_if<SeparableConv2dKernel>(&kernel)) return &conv->depthwise;
    if (const auto *conv = std::get_if<TwoLevelConv2dKernel>(&kernel)) return &conv->problem;
    return nullptr;
}

std::string to_string(const Kernel &kernel) {
    return std::visit(Printer{}, kernel);
}

const char *to_string(Reduction reduction) {
    static const char *const names[] = {"sum", "mean", "max", "min", "product"};
    return names[int(reduction)];
}

View *second_input(Kernel &kernel) {
    if (const View *residual = residual_of(kernel)) return const_cast<View *>(residual);
    if (auto *each = std::get_if<ElementwiseKernel>(&kernel))
        return each->addend ? &*each->addend : nullptr;
    auto *product = std::get_if<MatMulKernel>(&kernel);
    return product ? &product->right : nullptr;
}

const View *second_input(const Kernel &kernel) {
    return second_input(const_cast<Kernel &>(kernel));
}

int64_t macs(const Kernel &kernel) {
    if (const auto *product = std::get_if<MatMulKernel>(&kernel)) return product->macs();
    if (const auto *separable = std::get_if<SeparableConv2dKernel>(&kernel))
        return separable->depthwise.macs() + separable->pointwise().macs();
    if (const auto *two_level = std::get_if<TwoLevelConv2dKernel>(&kernel))
        return two_level->macs();
    const auto *conv = std::get_if<Conv2dKernel>(&kernel);
    return conv ? conv->problem.macs() : 0;
}

int64_t compulsory_bytes(const Kernel &kernel) {
    const auto bytes = [](const View &view) {
        return int64_t{view.mb} * view.padded_channels() * view.h * view.w * 4;
    };
    int64_t total =
        std::visit([&](const auto &k) { return bytes(k.input) + bytes(k.output); }, kernel);
    if (const auto *conv = std::get_if<Conv2dKernel>(&kernel)) {
        total += (conv->problem.weight_count() + conv->problem.oc) * 4;
    } else if (const auto *separable = std::get_if<SeparableConv2dKernel>(&kernel)) {
        const ConvProblem pointwise = separable->pointwise();
        total += (separable->depthwise.weight_count() + pointwise.weight_count()) * 4;
        total += (pointwise.ic + pointwise.oc) * 4;
    } else if (const auto *two_level = std::get_if<TwoLevelConv2dKernel>(&kernel)) {
        total += (two_level->weight_count() + two_level->problem.oc) * 4;
    }
    if (const auto *each = std::get_if<ElementwiseKernel>(&kernel)) {
        if (each->has_scale_shift) total += 8 * each->input.padded_channels();
    }
    if (const View *second = second_input(kernel)) total += bytes(*second);
    return total;
}

}  // namespace convoy
