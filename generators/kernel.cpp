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

struct Printer {
    std::string operator()(const Conv2dKernel &k) const {
        return "conv2d " + to_string(k.problem) + "+bias" + (k.residual ? "+add" : "") +
               activation_text(k.activation) + " " + to_string(k.input) + "->" +
               to_string(k.output) + (k.residual ? " add " + to_string(*k.residual) : "");
    }
    std::string operator()(const Pool2dKernel &k) const {
        return "pool2d " + pool_text(k.problem) + " " + to_string(k.input) + "->" +
               to_string(k.output);
    }
    std::string operator()(const ElementwiseKernel &k) const {
        return "elementwise " + dims_text(k.output) + (k.has_scale_shift ? "+scale_shift" : "") +
               (k.addend ? "+add" : "") + activation_text(k.activation) + " " + to_string(k.input) +
               "->" + to_string(k.output) + (k.addend ? " add " + to_string(*k.addend) : "");
    }
    std::string operator()(const ReorderKernel &k) const {
        return "reorder " + dims_text(k.input) + " " + to_string(k.input) + "->" +
               to_string(k.output) +
               (k.output.c != k.input.c ? " at channel " + std::to_string(k.first_channel) +
                                              " of " + std::to_string(k.output.c)
                                        : "");
    }
    std::string operator()(const SoftmaxKernel &k) const {
        return "softmax " + dims_text(k.input) + " " + to_string(k.input) + "->" +
               to_string(k.output);
    }
};

}  // namespace

std::string to_string(const Kernel &kernel) {
    return std::visit(Printer{}, kernel);
}

}  // namespace convoy
