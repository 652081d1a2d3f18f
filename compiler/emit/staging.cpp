#include "compiler/emit/staging.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "compiler/emit/kernel_compiler.h"

namespace convoy {

namespace fs = std::filesystem;

namespace {

// The folders of `folder` that are not there yet, outermost first.
std::vector<fs::path> missing_folders(const fs::path &folder) {
    std::vector<fs::path> missing;
    std::error_code error;
    for (fs::path at = folder; !at.empty() && !fs::exists(at, error); at = at.parent_path()) {
        missing.insert(missing.begin(), at);
    }
    return missing;
}

}  // namespace

void write_file(const fs::path &file, std::string_view content) {
    errno = 0;
    std::ofstream stream(file, std::ios::binary);
    stream.write(content.data(), (std::streamsize)content.size());
    stream.close();
    if (!stream)
        throw CompileError(file.string() +
                           ": cannot be written: " + std::strerror(errno ? errno : EIO));
}

Staging::Staging(const fs::path &folder) {
    if (folder.empty()) throw CompileError("no folder to write to: its name is empty");
    folder_ = fs::absolute(folder).lexically_normal();
    created_ = missing_folders(folder_);
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error || !fs::is_directory(folder_)) {
        throw CompileError(folder.string() + ": cannot be made a folder to write to" +
                           (error ? ": " + error.message() : ""));
    }
    std::string pattern = (folder_ / ".convoy-XXXXXX").string();
    if (!mkdtemp(pattern.data())) {
        const std::string reason = std::strerror(errno);
        for (auto made = created_.rbegin(); made != created_.rend(); ++made)
            fs::remove(*made, error);
        throw CompileError(folder.string() + ": cannot be written to: " + reason);
    }
    staging_ = pattern;
    work_ = staging_ / "work";
    fs::create_directory(work_);
}

Staging::~Staging() {
    std::error_code ignored;
    fs::remove_all(staging_, ignored);
    // Only what is empty goes: a published library keeps its folders.
    for (auto made = created_.rbegin(); made != created_.rend(); ++made) fs::remove(*made, ignored);
}

fs::path Staging::file(const fs::path &relative) {
    files_.push_back(relative);
    fs::create_directories((staging_ / relative).parent_path());
    return staging_ / relative;
}

void Staging::publish() {
    std::error_code error;
    for (const fs::path &relative : files_) {
        const fs::path parent = (folder_ / relative).parent_path();
        for (const fs::path &made : missing_folders(parent)) created_.push_back(made);
        fs::create_directories(parent, error);
        if (!error && fs::is_directory(folder_ / relative))
            error = std::make_error_code(std::errc::is_a_directory);
        if (error)
            throw CompileError((folder_ / relative).string() +
                               ": cannot be written: " + error.message());
    }
    for (const fs::path &relative : files_) {
        fs::rename(staging_ / relative, folder_ / relative, error);
        if (error)
            throw CompileError((folder_ / relative).string() +
                               ": cannot be written: " + error.message());
    }
    for (const fs::path &relative : removed_) {
        fs::remove(folder_ / relative, error);
        fs::remove((folder_ / relative).parent_path(), error);  // where it is empty
    }
}

}  // namespace convoy
