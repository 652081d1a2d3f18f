#include "schedules/cpu/halide_autoscheduler.h"

#include <dlfcn.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace convoy::cpu {

namespace fs = std::filesystem;

namespace {

fs::path plugin_folder() {
    if (const char *set = std::getenv("CONVOY_AUTOSCHEDULERS"); set && *set) return set;
    Dl_info library{};
    dladdr(reinterpret_cast<void *>(&Halide::load_plugin), &library);
    return library.dli_fname ? fs::path(library.dli_fname).parent_path() : fs::path();
}

fs::path plugin_of(const std::string &name) {
    std::string file = "libautoschedule_" + name + ".so";
    std::transform(file.begin(), file.end(), file.begin(),
                   [](unsigned char c) { return (char)std::tolower(c); });
    return plugin_folder() / file;
}

// What is known for certain is an estimate too.
void estimate(Halide::OutputImageParam buffer) {
    const auto parameter = buffer.parameter();
    for (int d = 0; d < buffer.dimensions(); d++)
        buffer.dim(d).set_estimate(parameter.min_constraint(d), parameter.extent_constraint(d));
}

}  // namespace

void autoschedule(Halide::Func output, const std::vector<Halide::ImageParam> &inputs,
                  const Halide::Target &target, const std::string &name,
                  const std::map<std::string, std::string> &parameters) {
    const fs::path plugin = plugin_of(name);
    if (!fs::exists(plugin))
        throw std::runtime_error(plugin.string() + " is not there, Halide's autoscheduler " + name);
    Halide::load_plugin(plugin.string());
    for (const Halide::ImageParam &input : inputs) estimate(input);
    estimate(output.output_buffer());
    Halide::Pipeline(output).apply_autoscheduler(target, {name, parameters});
}

}  // namespace convoy::cpu
