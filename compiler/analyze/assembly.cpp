#include "compiler/analyze/assembly.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>
#include <string_view>

namespace convoy {

namespace {

// A line of code without its comment; what the comment says of spills.
struct Line {
    std::string text;
    bool spill_load = false, spill_store = false;
};

// From the label that a jump goes back to up to the jump.
struct Loop {
    size_t first = 0, last = 0;
    int depth = 0;
};

struct Function {
    std::vector<Line> lines;
    std::vector<Loop> loops;
};

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && std::isspace((unsigned char)text.front())) text.remove_prefix(1);
    while (!text.empty() && std::isspace((unsigned char)text.back())) text.remove_suffix(1);
    return text;
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> words) {
    for (std::string_view word : words) {
        if (text.starts_with(word)) return true;
    }
    return false;
}

// arm64: "ldr q0, [sp, #16] // 16-byte Folded Reload"; x86: "vmovups 64(%rsp), %zmm1 # 64-byte
// Reload".
Line split_comment(std::string_view line) {
    const size_t comment = std::min(line.find("//"), line.find("# "));
    Line result;
    const std::string_view note =
        comment == std::string_view::npos ? std::string_view() : line.substr(comment);
    result.text = trimmed(line.substr(0, comment));
    result.spill_load = note.find("Reload") != std::string_view::npos;
    result.spill_store = note.find("Spill") != std::string_view::npos;
    return result;
}

// The label that a jump names, as its last operand: "b.ne .LBB0_3", "tbz w8, #0, .LBB0_3".
std::optional<std::string> jump_target(const std::string &instruction) {
    if (!starts_with_any(instruction, {"b ", "b\t", "b.", "cb", "tb", "j"})) return {};
    const size_t at = instruction.rfind(".L");
    if (at == std::string::npos) return {};
    return instruction.substr(at);
}

std::vector<Function> functions(const std::string &assembly) {
    std::vector<Function> list;
    std::map<std::string, size_t> labels;  // of this function, to its number of lines at that point
    std::istringstream stream(assembly);
    for (std::string raw; std::getline(stream, raw);) {
        Line line = split_comment(raw);
        if (line.text.empty()) continue;
        if (line.text.ends_with(':')) {
            line.text.pop_back();
            if (!line.text.starts_with(".L")) {
                list.emplace_back();
                labels.clear();
            }
            if (!list.empty()) labels[line.text] = list.back().lines.size();
            continue;
        }
        if (line.text.starts_with('.') || list.empty()) continue;
        Function &function = list.back();
        if (const auto target = jump_target(line.text)) {
            const auto label = labels.find(*target);
            if (label != labels.end())
                function.loops.push_back({label->second, function.lines.size()});
        }
        function.lines.push_back(std::move(line));
    }
    return list;
}

// Jumps back to one label are one loop; how deep each lies in the others.
std::vector<Loop> nest(const std::vector<Loop> &jumps) {
    std::map<size_t, size_t> last;  // by first line
    for (const Loop &jump : jumps) last[jump.first] = std::max(last[jump.first], jump.last);
    std::vector<Loop> loops;
    for (const auto &[first, end] : last) {
        Loop loop{first, end, 1};
        for (const Loop &outer : loops) loop.depth += outer.last >= end;
        loops.push_back(loop);
    }
    return loops;
}

// The lines of loop `index` that are in no loop inside it.
InnerLoop own_part(const Function &function, const std::vector<Loop> &loops, const Loop &loop) {
    InnerLoop part;
    part.depth = loop.depth;
    for (size_t at = loop.first; at <= loop.last && at < function.lines.size(); at++) {
        const auto inside = [&](const Loop &other) {
            return other.depth > loop.depth && other.first <= at && at <= other.last;
        };
        if (std::any_of(loops.begin(), loops.end(), inside)) continue;
        const Line &line = function.lines[at];
        part.instructions.push_back(line.text);
        part.macs += multiply_adds(line.text);
        part.spill_loads += line.spill_load;
        part.spill_stores += line.spill_store;
    }
    return part;
}

}  // namespace

int multiply_adds(const std::string &instruction) {
    const size_t end = instruction.find_first_of(" \t");
    const std::string mnemonic = instruction.substr(0, end);
    const std::string operands = end == std::string::npos ? "" : instruction.substr(end);
    if (mnemonic == "fmla" || mnemonic == "fmls")
        return operands.find(".4s") != std::string::npos   ? 4
               : operands.find(".2s") != std::string::npos ? 2
                                                           : 0;
    if (mnemonic == "fmadd" || mnemonic == "fmsub" || mnemonic == "fnmadd" || mnemonic == "fnmsub")
        return trimmed(operands).starts_with("s") ? 1 : 0;
    if (!starts_with_any(mnemonic, {"vfmadd", "vfmsub", "vfnmadd", "vfnmsub"})) return 0;
    if (mnemonic.ends_with("ss")) return 1;
    if (!mnemonic.ends_with("ps")) return 0;
    return operands.find("%zmm") != std::string::npos   ? 16
           : operands.find("%ymm") != std::string::npos ? 8
                                                        : 4;
}

InnerLoop inner_loop(const std::string &assembly) {
    InnerLoop best;
    double best_weight = 0;
    for (const Function &function : functions(assembly)) {
        std::vector<Loop> loops = nest(function.loops);
        loops.push_back({0, function.lines.size(), 0});
        for (const Loop &loop : loops) {
            InnerLoop part = own_part(function, loops, loop);
            // A loop runs four times at least for one pass of the loop around it.
            const double weight = (double)part.macs * std::pow(4, loop.depth);
            if (weight > best_weight) best_weight = weight, best = std::move(part);
        }
    }
    return best;
}

}  // namespace convoy
