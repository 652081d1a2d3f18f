#include "compiler/tune/ssh_connection.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>

#include "compiler/interrupt.h"
#include "compiler/tune/machine.h"

extern char **environ;

namespace convoy {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr double connect_seconds = 60;
// A login script may print before.
const std::string mark = "convoy-remote-script:";

// Without a password, and a line that is silent for 15 s is lost.
const std::vector<std::string> options = {"-T",
                                          "-oBatchMode=yes",
                                          "-oConnectTimeout=10",
                                          "-oServerAliveInterval=5",
                                          "-oServerAliveCountMax=3",
                                          "-oClearAllForwardings=yes",
                                          "-oControlPersist=no"};

std::string content(const fs::path &file) {
    std::ifstream stream(file);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
}

Clock::time_point after(double seconds) {
    return Clock::now() + std::chrono::microseconds((int64_t)(seconds * 1e6));
}

// In a session of its own: Ctrl-C is this program's.
pid_t start(const std::vector<std::string> &command, int input, const fs::path &output,
            const fs::path &errors) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), flags, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(), flags, 0600);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    std::vector<char *> words;
    for (const std::string &word : command) words.push_back(const_cast<char *>(word.c_str()));
    words.push_back(nullptr);
    pid_t pid = 0;
    const int error = posix_spawnp(&pid, words[0], &actions, &attributes, words.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error) throw MachineGone(command[0] + " cannot be run: " + std::strerror(error));
    return pid;
}

// Whether it has ended by then.
bool ends_before(pid_t pid, Clock::time_point deadline) {
    int status = 0;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (Clock::now() > deadline) return false;
        usleep(1000);
    }
    return true;
}

void end(pid_t pid, int signal_number, double seconds) {
    kill(pid, signal_number);
    if (ends_before(pid, after(seconds))) return;
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
}

}  // namespace

std::string shell_word(const std::string &word) {
    std::string text = "'";
    for (const char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
    return text + "'";
}

std::string last_line(const std::string &text) {
    const char *white = " \t\r\n";
    const size_t last = text.find_last_not_of(white);
    if (last == std::string::npos) return "";
    const size_t before = text.find_last_of("\r\n", last);
    const size_t first = text.find_first_not_of(white, before == std::string::npos ? 0 : before);
    return text.substr(first, last + 1 - first);
}

SshConnection::SshConnection(const std::string &ssh, std::string host, fs::path folder)
    : host_(std::move(host)), target_(host_), folder_(std::move(folder)) {
    wordexp_t words;
    if (wordexp(ssh.c_str(), &words, WRDE_NOCMD) == 0) {
        ssh_.assign(words.we_wordv, words.we_wordv + words.we_wordc);
        wordfree(&words);
    }
    if (ssh_.empty()) throw MachineGone("'" + ssh + "' is no command, expected one as 'ssh -p 22'");
    // More than one colon is an address of IPv6.
    const size_t colon = host_.find(':');
    if (colon != std::string::npos && colon == host_.rfind(':')) {
        target_ = host_.substr(0, colon);
        port_ = host_.substr(colon + 1);
        if (port_.empty() || port_.find_first_not_of("0123456789") != std::string::npos)
            throw MachineGone(host_ + ": its port is '" + port_ + "', expected a number");
    }
    if (target_.empty() || target_[0] == '-')
        throw MachineGone("'" + host_ + "' is no host, expected one as pi@board or pi@board:2222");
    fs::create_directories(folder_);
}

SshConnection::~SshConnection() {
    if (input_ >= 0) {
        // A child that was forked meanwhile may have it open, too.
        shutdown(input_, SHUT_RDWR);
        close(input_);
    }
    if (master_ > 0 && !ends_before(master_, after(5))) end(master_, SIGTERM, 2);
}

std::vector<std::string> SshConnection::command(const std::vector<std::string> &more,
                                                const std::string &script) const {
    std::vector<std::string> words = ssh_;
    words.insert(words.end(), options.begin(), options.end());
    words.push_back("-oControlPath=" + (folder_ / "ssh").string());
    words.insert(words.end(), more.begin(), more.end());
    if (!port_.empty()) words.insert(words.end(), {"-p", port_});
    words.insert(words.end(), {target_, "sh -c " + shell_word(script)});
    return words;
}

std::string SshConnection::open(const std::string &script) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        throw MachineGone(host_ + ": not reached: " + std::strerror(errno));
    input_ = ends[0];
    const fs::path output = folder_ / "first.out";
    // What is sent is mostly small integers as floats.
    master_ =
        start(command({"-oControlMaster=yes", "-oCompression=yes"}, "echo " + mark + "\n" + script),
              ends[1], output, folder_ / "first.err");
    close(ends[1]);
    const auto deadline = after(connect_seconds);
    for (;;) {
        const bool has_ended = ends_before(master_, Clock::now());
        if (has_ended) master_ = 0;
        const std::string text = content(output), begin = mark + "\n";
        const size_t from = text.find(begin), to = text.find("\nready\n");
        if (to != std::string::npos && from < to)
            return text.substr(from + begin.size(), to + 1 - from - begin.size());
        const std::string hint = ", expected a host that `" + ssh_[0] + " " + target_ +
                                 "` reaches without a password, with a POSIX shell";
        if (has_ended) throw MachineGone(host_ + ": not reached: " + last_words() + hint);
        if (Clock::now() > deadline)
            throw MachineGone(host_ + ": not reached: no answer within " +
                              std::to_string((int)connect_seconds) + " s" + hint);
        throw_if_interrupted();
        usleep(2000);
    }
}

std::string SshConnection::last_words() const {
    const std::string line = last_line(content(folder_ / "first.err"));
    return line.empty() ? "ssh ended without a word" : line;
}

void SshConnection::lose() {
    std::string reason = last_line(content(folder_ / "script.err"));
    if (master_ > 0 && ends_before(master_, after(1))) {
        master_ = 0;
        reason = last_words();
    }
    give_up("the connection was lost: " + (reason.empty() ? "no message" : reason));
}

void SshConnection::give_up(const std::string &why) {
    lost_ = host_ + ": " + why;
    throw MachineGone(lost_);
}

std::optional<ScriptRun> SshConnection::run(const std::string &script, double limit_seconds,
                                            const fs::path &input) {
    if (!lost_.empty()) throw MachineGone(lost_);
    const fs::path output = folder_ / "script.out";
    const int from = ::open(input.c_str(), O_RDONLY | O_CLOEXEC);
    if (from < 0) throw MachineGone(input.string() + ": " + std::strerror(errno));
    // Without the master, ssh would make a connection of its own.
    const pid_t pid = start(command({"-oControlMaster=no", "-oProxyCommand=exit 255"},
                                    "echo " + mark + "\n(\n" + script +
                                        "\n) 2>&1\ncode=$?\necho\necho " + mark + " $code"),
                            from, output, folder_ / "script.err");
    close(from);
    if (!ends_before(pid, after(limit_seconds))) {
        end(pid, SIGTERM, 1);
        return {};
    }
    const std::string text = content(output), begin = mark + "\n", last = "\n" + mark + " ";
    const size_t first = text.find(begin), close = text.rfind(last);
    if (first == std::string::npos || close == std::string::npos || close < first) lose();
    const size_t at = first + begin.size();
    ScriptRun result;
    result.output = close > at ? text.substr(at, close - at) : "";
    result.exit_code = std::atoi(text.c_str() + close + last.size());
    return result;
}

}  // namespace convoy
