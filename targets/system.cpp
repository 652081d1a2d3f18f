#include "targets/system.h"

#include <Halide.h>

#include <algorithm>

namespace convoy {

namespace {

using Halide::Target;

struct System {
    const char *name, *halide;  // the target without its features
    Target::Arch arch;
    Target::OS os;
    const char *triple_processor, *triple_os;
    const char *triple;    // for instance
    const char *family;    // of boards of its processor
    bool checks_features;  // whether cpu_features.h has some of its processor
};

constexpr System systems[] = {
    {"x86_64-linux", "x86-64-linux", Target::X86, Target::Linux, "x86_64", "-linux-",
     "x86_64-linux-gnu", "x86", true},
    {"aarch64-linux", "arm-64-linux", Target::ARM, Target::Linux, "aarch64", "-linux-",
     "aarch64-linux-gnu", "arm", false},
};

// What a Halide feature makes the CPU need, by the names of cpu_features.h. Of the AVX-512 ones
// each takes in those above.
struct Need {
    Target::Feature feature;
    std::vector<const char *> cpu;
    bool takes_in_those_above = false;
};

const std::vector<Need> &needs() {
    static const std::vector<Need> all = {
        {Target::F16C, {"f16c"}},
        {Target::FMA, {"fma"}},
        {Target::AVX2, {"avx2"}},
        {Target::AVX512, {"avx512f", "avx512cd"}},
        {Target::AVX512_Skylake, {"avx512vl", "avx512bw", "avx512dq"}, true},
        {Target::AVX512_Cannonlake, {"avx512ifma", "avx512vbmi"}, true},
        {Target::AVX512_Zen4,
         {"avx512bf16", "avx512vnni", "avx512bitalg", "avx512vpopcntdq", "avx512vbmi2"},
         true},
        {Target::AVX512_SapphireRapids, {"avxvnni", "avx512fp16"}, true},
    };
    return all;
}

const System *find_system(const Target &target) {
    for (const System &s : systems) {
        if (target.arch == s.arch && target.bits == 64 && target.os == s.os) return &s;
    }
    return nullptr;
}

bool is_listed(const Board &board, const std::string &feature) {
    const auto &list = board.cpu_features;
    return std::find(list.begin(), list.end(), feature) != list.end();
}

// A CPU feature that the code may use and the library would not check.
std::optional<BoardProblem> feature_problem(const Board &board, const Target &target) {
    bool is_taken_in = false;
    for (auto need = needs().rbegin(); need != needs().rend(); ++need) {
        is_taken_in =
            is_taken_in || (need->takes_in_those_above && target.has_feature(need->feature));
        if (!is_taken_in && !target.has_feature(need->feature)) continue;
        for (const char *feature : need->cpu) {
            if (is_listed(board, feature)) continue;
            return BoardProblem{"cpu_features", "lacks \"" + std::string(feature) + "\"",
                                "what \"halide_target\" uses"};
        }
    }
    return {};
}

}  // namespace

std::string system_of(const Board &board) {
    const System *const system = find_system(Target(board.halide_target));
    if (!system) throw BoardError("board " + board.name + ": no system of " + board.halide_target);
    return system->name;
}

std::vector<std::string> system_names() {
    std::vector<std::string> names;
    for (const System &s : systems) names.push_back(s.name);
    return names;
}

std::optional<BoardProblem> target_problem(const Board &board) {
    const std::string is_target = "is \"" + board.halide_target + "\"";
    if (!Target::validate_target_string(board.halide_target))
        return BoardProblem{"halide_target", is_target,
                            "a Halide target, as x86-64-linux-avx2-fma-f16c"};
    const Target target(board.halide_target);
    const System *const system = find_system(target);
    if (!system) {
        std::string known;
        for (const System &s : systems)
            known += (known.empty() ? "" : " or ") + std::string(s.halide);
        return BoardProblem{"halide_target", is_target, "one that starts with " + known};
    }
    const std::string &triple = board.clang_triple;
    const std::string processor = triple.substr(0, triple.find('-'));
    const std::string rest = triple.substr(processor.size()) + "-";
    if (processor != system->triple_processor || rest.find(system->triple_os) == std::string::npos)
        return BoardProblem{"clang_triple", "is \"" + triple + "\"",
                            "one of \"halide_target\"'s system, as " + std::string(system->triple)};
    for (const System &other : systems) {
        if (board.family == other.family && other.arch != target.arch)
            return BoardProblem{"family", "is \"" + board.family + "\"",
                                "\"" + std::string(system->family) + "\", as \"halide_target\""};
    }
    for (const auto &[api, feature] :
         {std::pair("cuda", Target::CUDA), {"opencl", Target::OpenCL}}) {
        if (target.has_feature(feature) == (board.gpu && board.gpu->api == api)) continue;
        return BoardProblem{"halide_target", is_target,
                            std::string(target.has_feature(feature) ? "none" : "one") + " with " +
                                api + ", as \"family\" and \"api\" are"};
    }
    if (!system->checks_features && !board.cpu_features.empty())
        return BoardProblem{"cpu_features", "has \"" + board.cpu_features.front() + "\"",
                            "none for " + std::string(system->name)};
    return feature_problem(board, target);
}

}  // namespace convoy
