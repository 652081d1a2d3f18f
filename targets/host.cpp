#include <cpuid.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <utility>

#include "targets/board.h"
#include "targets/cpu_features.h"

namespace convoy {

namespace {

struct Registers {
    unsigned a = 0, b = 0, c = 0, d = 0;
};

Registers cpuid(unsigned leaf, unsigned subleaf) {
    Registers r;
    __get_cpuid_count(leaf, subleaf, &r.a, &r.b, &r.c, &r.d);
    return r;
}

unsigned saved_register_state() {
    if (!(cpuid(1, 0).c >> 27 & 1)) return 0;  // OSXSAVE
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

bool has(const CpuFeature &f) {
    const Registers r = cpuid(f.leaf, f.subleaf);
    const unsigned bits = f.output == 'a'   ? r.a
                          : f.output == 'b' ? r.b
                          : f.output == 'c' ? r.c
                                            : r.d;
    return (bits >> f.bit & 1) && (saved_register_state() & f.xcr0) == f.xcr0;
}

std::string host_vendor() {
    const Registers r = cpuid(0, 0);
    char text[13] = {};
    std::memcpy(text, &r.b, 4);
    std::memcpy(text + 4, &r.d, 4);
    std::memcpy(text + 8, &r.c, 4);
    return text;
}

std::string first_line(const std::string &file) {
    std::ifstream stream(file);
    std::string line;
    std::getline(stream, line);
    return line;
}

// The caches that Linux reports for the first core; what it does not report keeps the board file's
// size.
void read_caches(Board &board) {
    for (int index = 0; index < 8; index++) {
        const std::string folder =
            "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
        const std::string level = first_line(folder + "level"), type = first_line(folder + "type");
        std::string size = first_line(folder + "size");
        if (size.empty() || !std::isdigit((unsigned char)size[0])) continue;
        const int64_t bytes = std::atoll(size.c_str()) * (size.back() == 'M' ? 1 << 20 : 1 << 10);
        if (bytes <= 0 || bytes > 1 << 30) continue;
        if (level == "1" && type == "Data") board.l1d_bytes = (int)bytes;
        if (level == "2") board.l2_bytes = (int)bytes;
        if (level == "3") board.l3_bytes = (int)bytes;
    }
}

bool describes_this_machine(const Board &board) {
    return runs_here(board) && (board.vendor.empty() || board.vendor == host_vendor());
}

// Of two boards that describe a machine, the one that says more about it.
bool is_closer(const Board &a, const Board &b) {
    return std::pair(a.cpu_features.size(), !a.vendor.empty()) >
           std::pair(b.cpu_features.size(), !b.vendor.empty());
}

}  // namespace

bool runs_here(const Board &board) {
    return board.family == "x86" &&
           std::all_of(
               board.cpu_features.begin(), board.cpu_features.end(),
               [](const std::string &name) { return has(*find_cpu_feature(name.c_str())); });
}

std::vector<std::string> host_cpu_features() {
    std::vector<std::string> names;
    for (const CpuFeature &feature : known_cpu_features()) {
        if (has(feature)) names.push_back(feature.name);
    }
    return names;
}

Board detect_host() {
    Board best;
    for (const std::string &name : board_names()) {
        if (name == "host") continue;
        Board board = read_board(boards_folder() / (name + ".json"));
        if (!describes_this_machine(board)) continue;
        if (best.name.empty() || is_closer(board, best)) best = std::move(board);
    }
    if (best.name.empty()) {
        throw BoardError("no board file in " + boards_folder().string() +
                         " describes this CPU (AVX2 is the least)");
    }
    read_caches(best);
    return best;
}

}  // namespace convoy
