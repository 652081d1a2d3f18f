#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "targets/board.h"
#include "targets/cpu_features.h"
#include "targets/system.h"

namespace convoy {

namespace {

using nlohmann::json;

template<typename List>
std::string joined(const List &names) {
    std::string text;
    for (const std::string &name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

class Reader {
public:
    Reader(const std::filesystem::path &file, const json &object) : file_(file), object_(object) {}

    template<typename T>
    void read(const char *key, T &value, const char *expected, bool required = true) {
        read_keys_.insert(key);
        if (!object_.contains(key)) {
            if (required) fail(key, "is missing", expected);
            return;
        }
        try {
            value = object_.at(key).get<T>();
        } catch (const json::exception &) {
            fail(key, "is " + object_.at(key).dump(), expected);
        }
    }
    template<typename T>
    void read_number(const char *key, T &value, double limit, bool may_be_zero = false) {
        const char *const expected = std::is_integral_v<T> ? "a whole number" : "a number";
        if (object_.contains(key)) {
            const json &found = object_.at(key);
            if (std::is_integral_v<T> ? !found.is_number_integer() : !found.is_number())
                fail(key, "is " + found.dump(), expected);
        }
        double number = 0;  // wide enough to compare with the limit
        read(key, number, expected);
        if (!((may_be_zero ? number >= 0 : number > 0) && number <= limit)) {
            fail(key, "is " + object_.at(key).dump(),
                 std::string(may_be_zero ? "0 or more" : "more than 0") + " and at most " +
                     std::to_string((int64_t)limit));
        }
        value = (T)number;
    }
    // A line: it goes into a comment of C and into tables.
    void read_line(const char *key, std::string &value, const char *expected) {
        read(key, value, expected);
        const bool has_control =
            std::any_of(value.begin(), value.end(), [](char c) { return (unsigned char)c < ' '; });
        if (value.empty() || has_control) fail(key, "is " + object_.at(key).dump(), expected);
    }
    // A key that may be left out.
    bool has(const char *key) {
        read_keys_.insert(key);
        return object_.contains(key);
    }
    void expect_no_other_keys() const {
        for (const auto &[key, value] : object_.items()) {
            if (!read_keys_.contains(key))
                throw BoardError(file_.string() + ": unknown key \"" + key + "\", expected " +
                                 joined(read_keys_));
        }
    }
    [[noreturn]] void fail(const std::string &key, const std::string &found,
                           const std::string &expected) const {
        throw BoardError(file_.string() + ": \"" + key + "\" " + found + ", expected " + expected);
    }

private:
    const std::filesystem::path &file_;
    const json &object_;
    std::set<std::string> read_keys_;
};

json parse(const std::filesystem::path &file) {
    std::ifstream stream(file);
    if (!stream) throw BoardError(file.string() + ": cannot be read");
    std::set<std::string> keys;
    const auto note_key = [&](int depth, json::parse_event_t event, json &parsed) {
        if (event == json::parse_event_t::key && depth == 1 &&
            !keys.insert(parsed.get<std::string>()).second)
            throw BoardError(file.string() + ": \"" + parsed.get<std::string>() +
                             "\" is there twice, expected once");
        return true;
    };
    try {
        json object = json::parse(stream, note_key);
        if (!object.is_object()) throw BoardError(file.string() + ": not a JSON object");
        return object;
    } catch (const json::parse_error &error) {
        throw BoardError(file.string() + ": not JSON: " + error.what());
    }
}

// Names go into symbols, C strings and lists: "host" means this machine.
bool is_name(const std::string &name) {
    return name != "host" && std::all_of(name.begin(), name.end(), [](char c) {
               return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
           });
}

constexpr const char *families = "\"x86\", \"arm\" or \"gpu\"";

void read_cpu(Reader &reader, Board &b) {
    reader.read("cpu_features", b.cpu_features, "a list of feature names");
    reader.read("vendor", b.vendor, "a CPUID vendor", false);
    reader.read("in_order", b.in_order, "true or false", false);
    reader.read("mca_cpu", b.mca_cpu, "a CPU that llvm-mca knows", false);
    reader.read_number("vector_floats", b.vector_floats, 64);
    reader.read_number("vector_registers", b.vector_registers, 64);
    reader.read_number("fma_per_cycle", b.fma_per_cycle, 16);
    reader.read_number("narrow_fma_per_cycle", b.narrow_fma_per_cycle, 16);
    reader.read_number("adds_per_cycle", b.adds_per_cycle, 16, true);
    reader.read_number("loads_per_cycle", b.loads_per_cycle, 16);
    reader.read_number("fma_latency_cycles", b.fma_latency_cycles, 64);
    reader.read_number("l1d_bytes", b.l1d_bytes, 1 << 24);
    reader.read_number("l2_bytes", b.l2_bytes, 1 << 28);
    reader.read_number("l3_bytes", b.l3_bytes, 1 << 30);
    reader.read_number("l2_bytes_per_cycle", b.l2_bytes_per_cycle, 1024);
    reader.read_number("l3_bytes_per_cycle", b.l3_bytes_per_cycle, 1024);
    reader.read_number("dram_bytes_per_cycle", b.dram_bytes_per_cycle, 1024);
    if (reader.has("fork_join_us")) reader.read_number("fork_join_us", b.fork_join_us, 1000, true);
}

void check_cpu(const Reader &reader, const Board &b) {
    if ((b.vector_floats & (b.vector_floats - 1)) != 0 || b.vector_floats < 4) {
        reader.fail("vector_floats", "is " + std::to_string(b.vector_floats),
                    "a power of two of at least 4");
    }
    for (const std::string &feature : b.cpu_features) {
        if (!find_cpu_feature(feature.c_str())) {
            std::vector<std::string> known;
            for (const CpuFeature &f : known_cpu_features()) known.push_back(f.name);
            reader.fail("cpu_features", "has \"" + feature + "\"", "one of " + joined(known));
        }
    }
    if (b.l2_bytes < b.l1d_bytes)
        reader.fail("l2_bytes", "is " + std::to_string(b.l2_bytes), "no less than \"l1d_bytes\"");
    if (b.l3_bytes < b.l2_bytes)
        reader.fail("l3_bytes", "is " + std::to_string(b.l3_bytes),
                    "no less than \"l2_bytes\", equal where there is no third level");
}

void read_gpu(Reader &reader, Board &b) {
    Gpu g;
    reader.read("api", g.api, "\"cuda\" or \"opencl\"");
    if (g.api != "cuda" && g.api != "opencl")
        reader.fail("api", "is \"" + g.api + "\"", "\"cuda\" or \"opencl\"");
    if (g.api == "cuda") {
        reader.read_number("compute_capability", g.compute_capability, 999);
        reader.read("ptxas_target", g.ptxas_target, "ptxas's name of the device, as \"sm_80\"");
    }
    reader.read_number("units", g.units, 4096);
    reader.read_number("lanes_per_unit", g.lanes_per_unit, 1024);
    reader.read_number("threads_per_unit", g.threads_per_unit, 1 << 16);
    reader.read_number("threads_per_block", g.threads_per_block, 1 << 16);
    reader.read_number("registers_per_unit", g.registers_per_unit, 1 << 24);
    reader.read_number("registers_per_thread", g.registers_per_thread, 1 << 10);
    reader.read_number("shared_bytes_per_unit", g.shared_bytes_per_unit, 1 << 22);
    reader.read_number("shared_bytes", g.shared_bytes, 1 << 20);
    reader.read_number("launch_us", g.launch_us, 1000);
    reader.read_number("l2_bytes", b.l2_bytes, 1 << 30);
    reader.read_number("l2_bytes_per_cycle", b.l2_bytes_per_cycle, 1 << 16);
    reader.read_number("dram_bytes_per_cycle", b.dram_bytes_per_cycle, 1 << 16);
    b.vector_floats = 1;
    b.vector_registers = g.registers_per_thread;
    b.fma_per_cycle = b.narrow_fma_per_cycle = (double)g.units * g.lanes_per_unit;
    b.loads_per_cycle = g.units * 32.0;
    b.l1d_bytes = 0;
    b.l3_bytes = b.l2_bytes;
    b.l3_bytes_per_cycle = b.l2_bytes_per_cycle;
    b.gpu = std::move(g);
}

}  // namespace

Board read_board(const std::filesystem::path &file) {
    const json object = parse(file);
    Reader reader(file, object);
    Board b;
    reader.read_line("name", b.name, "the file's stem");
    reader.read_line("description", b.description, "a line of text");
    reader.read_line("source", b.source, "a line of where the numbers come from");
    reader.read("family", b.family, families);
    if (b.family != "x86" && b.family != "arm" && b.family != "gpu")
        reader.fail("family", "is \"" + b.family + "\"", families);
    reader.read("halide_target", b.halide_target, "a Halide target string");
    reader.read("clang_triple", b.clang_triple, "a target triple");
    reader.read_number("clock_ghz", b.clock_ghz, 10);
    if (b.family == "gpu") {
        read_gpu(reader, b);
    } else {
        read_cpu(reader, b);
    }
    reader.expect_no_other_keys();
    if (b.name != file.stem())
        reader.fail("name", "is \"" + b.name + "\"",
                    "the file's stem, \"" + file.stem().string() + "\"");
    if (!is_name(b.name)) {
        reader.fail("name", "is \"" + b.name + "\"",
                    "letters, digits, '.', '-' and '_', and not \"host\"");
    }
    if (!b.gpu) check_cpu(reader, b);
    if (const auto problem = target_problem(b))
        reader.fail(problem->key, problem->found, problem->expected);
    return b;
}

}  // namespace convoy
