#include "targets/data_folder.h"

#include <cstdlib>

namespace convoy {

namespace fs = std::filesystem;

fs::path data_folder(const char *variable, const char *installed, const char *source) {
    if (const char *set = std::getenv(variable); set && *set) return set;
    std::error_code error;
    const fs::path tool = fs::read_symlink("/proc/self/exe", error);
    if (!error) {
        const fs::path folder = tool.parent_path().parent_path() / "share" / "convoy" / installed;
        if (fs::is_directory(folder, error)) return folder;
    }
    return fs::path(CONVOY_SOURCE_DIR) / source;
}

}  // namespace convoy
