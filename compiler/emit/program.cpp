#include "compiler/emit/program.h"

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

namespace fs = std::filesystem;

fs::path find_program(const char *variable, const std::vector<std::string> &names,
                      const std::string &packages) {
    if (const char *set = std::getenv(variable); set && *set) return set;
    for (const std::string &candidate : names) {
        std::istringstream path(std::getenv("PATH") ? std::getenv("PATH")
                                                    : "/usr/local/bin:/usr/bin:/bin");
        for (std::string folder; std::getline(path, folder, ':');) {
            const fs::path program = fs::path(folder) / candidate;
            if (access(program.c_str(), X_OK) == 0) return program;
        }
    }
    throw ToolError("the program '" + names.front() + "' is not on PATH: install " + packages +
                    ", or set " + variable);
}

// Its output goes to a file beside the product.
std::string run_program(const std::vector<std::string> &command, const fs::path &product) {
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
    std::ifstream stream(log);
    std::stringstream printed;
    printed << stream.rdbuf();
    const std::string text = printed.str(), line = text.substr(0, text.find('\n'));
    std::error_code ignored;
    fs::remove(log, ignored);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        throw_if_interrupted();
        throw ToolError(fs::path(command[0]).filename().string() + " failed on " +
                        product.filename().string() + ": " + (line.empty() ? "no message" : line));
    }
    return text;
}

}  // namespace convoy
