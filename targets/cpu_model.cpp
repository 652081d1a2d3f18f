#include "targets/cpu_model.h"

#include <sys/utsname.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace convoy {

namespace {

constexpr const char *emulated = " (emulated)";

std::string trimmed(const std::string &text) {
    const size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(" \t\r") + 1 - first);
}

// The first value of a "key : value" line.
std::string value_of(const std::string &cpuinfo, const std::string &key) {
    std::istringstream lines(cpuinfo);
    for (std::string line; std::getline(lines, line);) {
        const size_t colon = line.find(':');
        if (colon == std::string::npos || trimmed(line.substr(0, colon)) != key) continue;
        if (const std::string value = trimmed(line.substr(colon + 1)); !value.empty()) return value;
    }
    return "";
}

}  // namespace

std::string cpu_model_of(const std::string &cpuinfo) {
    // Some kernels give all arm processors of an architecture one model name.
    const std::string implementer = value_of(cpuinfo, "CPU implementer"),
                      part = value_of(cpuinfo, "CPU part");
    if (!implementer.empty() && !part.empty())
        return "implementer " + implementer + " part " + part;
    return value_of(cpuinfo, "model name");
}

std::string emulated_cpu_model(const std::string &emulator, const std::string &cpu) {
    return emulator + " on " + cpu + emulated;
}

bool is_emulated(const std::string &cpu) {
    return cpu.ends_with(emulated);
}

std::string cpu_model() {
    std::ifstream stream("/proc/cpuinfo");
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (const std::string model = cpu_model_of(text); !model.empty()) return model;
    utsname machine{};
    return uname(&machine) == 0 ? "unknown " + std::string(machine.machine) : "unknown";
}

}  // namespace convoy
