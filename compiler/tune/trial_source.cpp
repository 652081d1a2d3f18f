#include "compiler/tune/trial_source.h"

#include <fstream>
#include <sstream>

#include "compiler/compile.h"
#include "compiler/emit/library.h"
#include "targets/data_folder.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;

fs::path trial_file(const std::string &name) {
    return data_folder("CONVOY_TRIAL", "trial", "compiler/tune") / name;
}

}  // namespace

std::string trial_text(const char *file) {
    const fs::path path = trial_file(file);
    std::ifstream stream(path);
    std::ostringstream text;
    text << stream.rdbuf();
    if (!stream || text.str().empty()) throw CompileError(path.string() + ": cannot be read");
    return text.str();
}

std::string trial_glue(const Board &board, int64_t scratch_bytes, size_t candidates) {
    std::string source =
        "enum { SCRATCH_BYTES = " + std::to_string(scratch_bytes + overread_bytes) + " };\n" +
        driver_loops() + driver_glue("scratch.c");
    if (board.gpu)
        source += "enum { LAUNCH_SLOTS = " + std::to_string(launch_slots(candidates)) + " };\n" +
                  driver_glue("launch.c") + driver_glue((board.gpu->api + ".c").c_str());
    source += trial_text("trial.h");
    if (board.gpu)
        source +=
            "#define TRIAL_API " + board.gpu->api + "_api\nenum { TRIAL_COMPUTE_CAPABILITY = " +
            std::to_string(board.gpu->compute_capability) + " };\n" + trial_text("trial_device.c");
    return source;
}

std::vector<fs::path> trial_objects(const Board &board, const Toolchain &tools,
                                    const fs::path &folder) {
    std::vector<std::string> parts = {"trial"};
    if (!board.gpu) parts.emplace_back("trial_host");
    std::vector<fs::path> objects;
    for (const std::string &part : parts) {
        objects.push_back(folder / (part + ".o"));
        if (!fs::exists(objects.back()))
            tools.compile_hosted(board, trial_file(part + ".c"), objects.back());
    }
    return objects;
}

}  // namespace convoy
