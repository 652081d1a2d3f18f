#include "generators/problem.h"

#include <map>
#include <stdexcept>

namespace convoy {

int64_t ConvProblem::macs() const {
    return int64_t{mb} * oc * oh * ow * ic_per_group() * kh * kw;
}

int output_extent(int i, int k, int s, int d, int p, int p_end) {
    return (i + p + p_end - ((k - 1) * d + 1)) / s + 1;
}

void check(const ConvProblem &p) {
    const auto fail = [&](const std::string &what) {
        throw std::invalid_argument("convolution " + to_string(p) + ": " + what);
    };
    for (int value :
         {p.mb, p.g, p.ic, p.ih, p.iw, p.oc, p.oh, p.ow, p.kh, p.kw, p.sh, p.sw, p.dh, p.dw}) {
        if (value < 1) fail("every extent, stride and dilation must be at least 1");
    }
    for (int pad : {p.ph, p.pw, p.ph_end, p.pw_end}) {
        if (pad < 0) fail("pads must not be negative");
    }
    if (p.ic % p.g != 0) {
        fail("ic " + std::to_string(p.ic) + " is not divisible by g " + std::to_string(p.g));
    }
    if (p.oc % p.g != 0) {
        fail("oc " + std::to_string(p.oc) + " is not divisible by g " + std::to_string(p.g));
    }
    const int oh = output_extent(p.ih, p.kh, p.sh, p.dh, p.ph, p.ph_end);
    const int ow = output_extent(p.iw, p.kw, p.sw, p.dw, p.pw, p.pw_end);
    if (p.oh != oh) fail("oh is " + std::to_string(p.oh) + ", expected " + std::to_string(oh));
    if (p.ow != ow) fail("ow is " + std::to_string(p.ow) + ", expected " + std::to_string(ow));
}

std::string to_string(const ConvProblem &p) {
    std::string text;
    const auto put = [&](const char *letter, int value) { text += letter + std::to_string(value); };
    if (p.mb != 1) put("mb", p.mb);
    put("g", p.g);
    put("ic", p.ic);
    put("ih", p.ih);
    if (p.iw != p.ih) put("iw", p.iw);
    put("oc", p.oc);
    put("oh", p.oh);
    if (p.ow != p.oh) put("ow", p.ow);
    put("kh", p.kh);
    if (p.kw != p.kh) put("kw", p.kw);
    if (p.sh != 1 || p.sw != 1) put("sh", p.sh);
    if (p.sw != p.sh) put("sw", p.sw);
    if (p.dh != 1 || p.dw != 1) put("dh", p.dh);
    if (p.dw != p.dh) put("dw", p.dw);
    put("ph", p.ph);
    if (p.pw != p.ph) put("pw", p.pw);
    if (p.ph_end != p.ph) put("phe", p.ph_end);
    if (p.pw_end != p.pw) put("pwe", p.pw_end);
    return text;
}

ConvProblem parse_conv_problem(const std::string &text) {
    const auto fail = [&](const std::string &what) {
        throw std::invalid_argument("problem descriptor '" + text + "': " + what);
    };
    static const char *const known[] = {"mb", "g",  "ic", "ih", "iw", "oc", "oh", "ow",  "kh",
                                        "kw", "sh", "sw", "dh", "dw", "ph", "pw", "phe", "pwe"};
    std::map<std::string, int> letters;
    for (size_t at = 0; at < text.size() && text[at] != '+' && text[at] != 'n';) {
        std::string letter, digits;
        while (at < text.size() && text[at] >= 'a' && text[at] <= 'z') letter += text[at++];
        while (at < text.size() && text[at] >= '0' && text[at] <= '9') digits += text[at++];
        if (digits.empty() || digits.size() > 6) {
            fail("expected letters and a number of at most 6 digits, found '" + letter + digits +
                 "'");
        }
        bool is_known = false;
        for (const char *name : known) is_known = is_known || letter == name;
        if (!is_known) fail("unknown letter '" + letter + "'");
        if (!letters.emplace(letter, std::stoi(digits)).second)
            fail("'" + letter + "' is given twice");
    }
    for (const char *needed : {"ic", "ih", "oc", "kh"}) {
        if (!letters.contains(needed)) fail(std::string("'") + needed + "' is missing");
    }
    const auto get = [&](const char *letter, int otherwise) {
        const auto found = letters.find(letter);
        return found == letters.end() ? otherwise : found->second;
    };
    ConvProblem p;
    p.mb = get("mb", 1);
    p.g = get("g", 1);
    p.ic = get("ic", 0);
    p.ih = get("ih", 0);
    p.iw = get("iw", p.ih);
    p.oc = get("oc", 0);
    p.kh = get("kh", 0);
    p.kw = get("kw", p.kh);
    p.sh = get("sh", 1);
    p.sw = get("sw", p.sh);
    p.dh = get("dh", 1);
    p.dw = get("dw", p.dh);
    p.ph = get("ph", 0);
    p.pw = get("pw", p.ph);
    p.ph_end = get("phe", p.ph);
    p.pw_end = get("pwe", p.pw);
    if (p.g < 1 || p.sh < 1 || p.sw < 1 || p.dh < 1 || p.dw < 1)
        fail("g, strides and dilations must be at least 1");
    p.oh = get("oh", output_extent(p.ih, p.kh, p.sh, p.dh, p.ph, p.ph_end));
    p.ow = get("ow", output_extent(p.iw, p.kw, p.sw, p.dw, p.pw, p.pw_end));
    check(p);
    return p;
}

}  // namespace convoy
