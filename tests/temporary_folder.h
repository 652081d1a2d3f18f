#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace convoy {

// An empty folder of its own, whatever else runs; goes with all it holds.
struct TemporaryFolder {
    TemporaryFolder() {
        std::string name = std::filesystem::temp_directory_path() / "convoy-test-XXXXXX";
        if (!mkdtemp(name.data())) throw std::runtime_error(name + ": cannot be made");
        path = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    TemporaryFolder(const TemporaryFolder &) = delete;

    std::filesystem::path path;
};

}  // namespace convoy
