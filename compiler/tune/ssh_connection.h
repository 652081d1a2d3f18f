#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace convoy {

// What a script did on another machine.
struct ScriptRun {
    int exit_code = 0;   // 128 + N after signal N
    std::string output;  // and errors
};

// A connection of the `ssh` program that scripts share, so that one of them takes milliseconds. It
// lives as long as a first script, whose input ends when this object goes, when this program is
// killed and when the line breaks: what is there is cleaned up by that one. For one thread at a
// time.
class SshConnection {
public:
    // `ssh` is a command with options as in a shell, `host` is "HOST", "user@HOST" or either with
    // ":PORT". Files go to `folder`. Throws MachineGone where these are not such.
    SshConnection(const std::string &ssh, std::string host, std::filesystem::path folder);
    ~SshConnection();
    SshConnection(const SshConnection &) = delete;
    SshConnection &operator=(const SshConnection &) = delete;

    const std::string &host() const { return host_; }

    // Connects, and returns what the first script prints before a line "ready". Throws MachineGone.
    std::string open(const std::string &script);
    // Runs a script; nothing where it has not ended in time, and then it may go on there. Throws
    // MachineGone when the connection is lost, and ever after.
    std::optional<ScriptRun> run(const std::string &script, double limit_seconds,
                                 const std::filesystem::path &input = "/dev/null");
    // Runs nothing any more. Throws MachineGone with the host and `why`.
    [[noreturn]] void give_up(const std::string &why);

private:
    std::vector<std::string> command(const std::vector<std::string> &options,
                                     const std::string &script) const;
    std::string last_words() const;
    [[noreturn]] void lose();

    std::vector<std::string> ssh_;
    const std::string host_;
    std::string target_, port_;
    const std::filesystem::path folder_;
    pid_t master_ = 0;
    int input_ = -1;    // of the first script
    std::string lost_;  // why the connection is
};

// A word of a shell's command.
std::string shell_word(const std::string &word);

// The last line that is not empty, without white space around it.
std::string last_line(const std::string &text);

}  // namespace convoy
