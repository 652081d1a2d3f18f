#include "generators/problem.h"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace convoy {

int64_t ConvProblem::macs() const {
    return int64_t{mb} * oc * oh * ow * ic_per_group() * kh * kw;
}

bool is_depthwise(const ConvProblem &p) {
    return p.g > 1 && p.ic == p.g && p.oc == p.g;
}

bool is_pointwise(const ConvProblem &p) {
    return p.g == 1 && p.kh == 1 && p.kw == 1 && p.sh == 1 && p.sw == 1 && p.oh == p.ih &&
           p.ow == p.iw;
}

int output_extent(int i, int k, int s, int d, int p, int p_end) {
    const int last = i + p + p_end - ((k - 1) * d + 1);
    return last < 0 ? 0 : last / s + 1;
}

namespace {

[[noreturn]] void fail(const ConvProblem &p, const std::string &what) {
    throw std::invalid_argument("convolution " + to_string(p) + ": " + what);
}

void check_counts(const ConvProblem &p) {
    const std::pair<const char *, int> counts[] = {
        {"mb", p.mb}, {"g", p.g},   {"ic", p.ic}, {"ih", p.ih}, {"iw", p.iw}, {"oc", p.oc},
        {"kh", p.kh}, {"kw", p.kw}, {"sh", p.sh}, {"sw", p.sw}, {"dh", p.dh}, {"dw", p.dw}};
    for (const auto &[letter, value] : counts) {
        if (value < 1) fail(p, letter + (" is " + std::to_string(value)) + ", expected at least 1");
    }
    const std::pair<const char *, int> pads[] = {
        {"ph", p.ph}, {"pw", p.pw}, {"phe", p.ph_end}, {"pwe", p.pw_end}};
    for (const auto &[letter, value] : pads) {
        if (value < 0) fail(p, letter + (" is " + std::to_string(value)) + ", expected at least 0");
    }
}

}  // namespace

void check(const ConvProblem &p) {
    check_counts(p);
    if (p.ic % p.g != 0) {
        fail(p, "ic " + std::to_string(p.ic) + " is not divisible by g " + std::to_string(p.g));
    }
    if (p.oc % p.g != 0) {
        fail(p, "oc " + std::to_string(p.oc) + " is not divisible by g " + std::to_string(p.g));
    }
    const int oh = output_extent(p.ih, p.kh, p.sh, p.dh, p.ph, p.ph_end);
    const int ow = output_extent(p.iw, p.kw, p.sw, p.dw, p.pw, p.pw_end);
    if (oh < 1) {
        fail(p, "kh " + std::to_string(p.kh) + " exceeds ih " + std::to_string(p.ih) +
                    " and its pads");
    }
    if (ow < 1) {
        fail(p, "kw " + std::to_string(p.kw) + " exceeds iw " + std::to_string(p.iw) +
                    " and its pads");
    }
    if (p.oh != oh) fail(p, "oh is " + std::to_string(p.oh) + ", expected " + std::to_string(oh));
    if (p.ow != ow) fail(p, "ow is " + std::to_string(p.ow) + ", expected " + std::to_string(ow));
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
    const auto is_known = [](const std::string &letter) {
        return std::find(std::begin(known), std::end(known), letter) != std::end(known);
    };
    std::map<std::string, int> letters;
    size_t at = 0;
    while (at < text.size() && text[at] != '+' && text.compare(at, 2, "n\"") != 0) {
        const size_t start = at;
        std::string letter, digits;
        while (at < text.size() && text[at] >= 'a' && text[at] <= 'z') letter += text[at++];
        while (at < text.size() && text[at] >= '0' && text[at] <= '9') digits += text[at++];
        if (digits.size() > 6 || (digits.empty() && (letter.empty() || is_known(letter)))) {
            fail("expected letters and a number of at most 6 digits, found '" + text.substr(start) +
                 "'");
        }
        if (!is_known(letter)) fail("unknown letter '" + letter + "'");
        if (!letters.emplace(letter, std::stoi(digits)).second)
            fail("'" + letter + "' is given twice");
    }
    if (at < text.size() && text[at] == 'n') {
        const size_t end = text.find('"', at + 2);
        if (end == std::string::npos) fail("the name has no closing quote");
        if (end + 1 < text.size() && text[end + 1] != '+')
            fail("found '" + text.substr(end + 1) + "' after the name, expected '+' or the end");
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
    check_counts(p);
    p.oh = get("oh", output_extent(p.ih, p.kh, p.sh, p.dh, p.ph, p.ph_end));
    p.ow = get("ow", output_extent(p.iw, p.kw, p.sw, p.dw, p.pw, p.pw_end));
    check(p);
    return p;
}

}  // namespace convoy
