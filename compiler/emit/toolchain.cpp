#include "compiler/emit/toolchain.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "compiler/interrupt.h"

extern char **environ;

namespace convoy {

namespace {

namespace fs = std::filesystem;

fs::path find_program(const char *variable, const std::string &name) {
    if (const char *set = std::getenv(variable); set && *set) return set;
    std::vector<std::string> names = {name};
    for (int version = 22; version >= 13; version--)
        names.push_back(name + "-" + std::to_string(version));
    for (const std::string &candidate : names) {
        std::istringstream path(std::getenv("PATH") ? std::getenv("PATH")
                                                    : "/usr/local/bin:/usr/bin:/bin");
        for (std::string folder; std::getline(path, folder, ':');) {
            const fs::path program = fs::path(folder) / candidate;
            if (access(program.c_str(), X_OK) == 0) return program;
        }
    }
    throw ToolError("the program '" + name + "' is not on PATH: install clang and llvm, or set " +
                    variable);
}

// Runs a program with its output in a file beside `product`; throws ToolError with the first line
// of it on failure.
void run(const std::vector<std::string> &command, const fs::path &product) {
    const fs::path log = product.string() + ".log";
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    std::vector<char *> arguments;
    for (const std::string &word : command) arguments.push_back(const_cast<char *>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t pid = 0;
    const int error = posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error) throw ToolError(command[0] + " cannot be run: " + std::strerror(error));
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    std::string line;
    std::ifstream stream(log);
    std::getline(stream, line);
    std::error_code ignored;
    fs::remove(log, ignored);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        throw_if_interrupted();
        throw ToolError(fs::path(command[0]).filename().string() + " failed on " +
                        product.filename().string() + ": " + (line.empty() ? "no message" : line));
    }
}

std::vector<std::string> with_objects(std::vector<std::string> command,
                                      const std::vector<fs::path> &objects) {
    for (const fs::path &object : objects) command.push_back(object);
    return command;
}

}  // namespace

Toolchain::Toolchain()
    : clang_(find_program("CONVOY_CLANG", "clang")),
      ar_(find_program("CONVOY_LLVM_AR", "llvm-ar")),
      objcopy_(find_program("CONVOY_LLVM_OBJCOPY", "llvm-objcopy")) {}

void Toolchain::compile(const Board &board, const fs::path &source, const fs::path &object) const {
    run({clang_, "--target=" + board.clang_triple, "-ffreestanding", "-fPIC", "-fvisibility=hidden",
         "-O2", "-c", source, "-o", object},
        object);
}

void Toolchain::archive(const std::vector<fs::path> &objects, const fs::path &library) const {
    run(with_objects({ar_, "rcsD", library}, objects), library);
}

void Toolchain::link_shared(const Board &board, const std::vector<fs::path> &objects,
                            const fs::path &library) const {
    // nodelete: the worker threads outlive a dlclose.
    run(with_objects({clang_, "--target=" + board.clang_triple, "-shared", "-Wl,-z,nodelete",
                      "-Wl,-z,noexecstack", "-Wl,--build-id=none",
                      "-Wl,-soname," + library.filename().string(), "-o", library, "-pthread"},
                     objects),
        library);
}

void Toolchain::rename_symbols(
    const fs::path &object, const std::vector<std::pair<std::string, std::string>> &names) const {
    std::vector<std::string> command = {objcopy_};
    for (const auto &[from, to] : names) command.push_back("--redefine-sym=" + from + "=" + to);
    command.push_back(object);
    run(command, object);
}

}  // namespace convoy
