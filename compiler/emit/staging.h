#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace convoy {

// Files are written beside their destination and appear there together: publish() moves them all,
// and without it the destructor leaves nothing behind. Throws CompileError naming the folder.
class Staging {
public:
    explicit Staging(const std::filesystem::path &folder);
    ~Staging();
    Staging(const Staging &) = delete;
    Staging &operator=(const Staging &) = delete;

    // For intermediate files.
    const std::filesystem::path &work() const { return work_; }
    // Where to write what publish() will move to folder/relative.
    std::filesystem::path file(const std::filesystem::path &relative);
    // publish() takes folder/relative away, where it is a file.
    void remove(const std::filesystem::path &relative) { removed_.push_back(relative); }
    void publish();

private:
    std::filesystem::path folder_, staging_, work_;
    std::vector<std::filesystem::path> files_, removed_;
    std::vector<std::filesystem::path>
        created_;  // folders that were not there before, innermost last
};

// Throws CompileError when the file cannot be written whole, as on a full disk.
void write_file(const std::filesystem::path &file, std::string_view content);

}  // namespace convoy
