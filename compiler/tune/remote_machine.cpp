#include "compiler/tune/remote_machine.h"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string_view>

#include "targets/cpu_model.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;

constexpr int no_space = 96, no_folder = 97, not_whole = 98;  // exit codes of scripts
constexpr int illegal_instruction = 4, alarm_signal = 14;     // as Linux counts signals
constexpr double slow_bytes_per_second = 50e3;

// Says what is there, then waits for the end of its input and takes the folder away.
constexpr const char *keeper = R"sh(
runner=ok
[ -z "$need" ] || command -v "$need" >/dev/null || runner=missing
folder=${folder:-${TMPDIR:-/tmp}}
made=
finish() {
    [ -n "$made" ] || return
    read -r pid <"$made/pid" && kill -9 "$pid"
    rm -rf "$made"
} 2>/dev/null
trap finish EXIT
trap 'exit 129' HUP INT TERM PIPE
why=$(mktemp -d "$folder/convoy-tune-XXXXXX" 2>&1) && made=$why
runs=no
[ -z "$made" ] || {
    echo '#!/bin/sh' >"$made/try" && chmod +x "$made/try" && "$made/try" && runs=yes
    rm -f "$made/try"
} 2>/dev/null
echo "system $(uname -s)"
echo "processor $(uname -m)"
echo "runner $runner"
echo "folder $folder"
echo "made $made"
echo "why $why"
echo "runs $runs"
echo cpuinfo
cat /proc/cpuinfo 2>/dev/null
echo
echo ready
cat >/dev/null
)sh";

// Of the last processor, which programs are kept on: on some boards the first ones are slower.
std::string last_processor(const std::string &cpuinfo) {
    const size_t last = cpuinfo.rfind("\nprocessor");
    return last == std::string::npos ? cpuinfo : cpuinfo.substr(last);
}

std::string mebibytes(double bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f MiB", bytes / (1 << 20));
    return text;
}

size_t hash_of(const fs::path &file) {
    std::ifstream stream(file, std::ios::binary);
    std::stringstream bytes;
    bytes << stream.rdbuf();
    return std::hash<std::string_view>()(bytes.view());
}

template<typename List>
std::string words_of(const List &list) {
    std::string text;
    for (const std::string &word : list) text += " " + shell_word(word);
    return text;
}

// Prints how many KiB are left, and ends, where these bytes find no room.
std::string expect_space(double bytes) {
    return "left=$(df -Pk . 2>/dev/null | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4)\n"
           "[ -z \"$left\" ] || [ \"$left\" -ge " +
           std::to_string((int64_t)bytes / 1024 + 1) + " ] || { echo \"$left\"; exit " +
           std::to_string(no_space) + "; }\n";
}

}  // namespace

RemoteMachine::RemoteMachine(const std::string &host, const Board &board, RemoteOptions options,
                             const fs::path &folder)
    : board_(board.name), options_(std::move(options)), connection_(options_.ssh, host, folder) {
    const std::string runner = options_.runner.substr(0, options_.runner.find(' '));
    std::istringstream lines(connection_.open("folder=" + shell_word(options_.folder) +
                                              "\nneed=" + shell_word(runner) + "\n" + keeper));
    std::map<std::string, std::string> found;
    for (std::string line; std::getline(lines, line) && line != "cpuinfo";) {
        const size_t blank = line.find(' ');
        if (blank != std::string::npos) found[line.substr(0, blank)] = line.substr(blank + 1);
    }
    const std::string cpuinfo{std::istreambuf_iterator<char>(lines), {}};
    const std::string processor = found["processor"],
                      wanted = board.clang_triple.substr(0, board.clang_triple.find('-'));

    if (found["runner"] == "missing")
        connection_.give_up("no program " + runner + ", expected what --runner names");
    if (runner.empty() && (found["system"] != "Linux" || processor != wanted))
        connection_.give_up("it is " + found["system"] + " on " + processor +
                            ", expected Linux on " + wanted + ", which board " + board_ +
                            " is; --runner names an emulator");
    if (found["made"].empty())
        connection_.give_up(found["folder"] + " takes no files: " + last_line(found["why"]) +
                            ", expected a folder to write to; --remote-folder names another");
    if (found["runs"] != "yes")
        connection_.give_up(found["folder"] +
                            " is full or runs no programs (noexec), expected a folder for " +
                            "programs; --remote-folder names another");
    folder_ = found["made"];
    cpu_ = cpu_model_of(last_processor(cpuinfo));
    if (cpu_.empty()) cpu_ = cpu_model_of(cpuinfo);
    if (cpu_.empty()) cpu_ = "unknown " + processor;
    if (!runner.empty()) cpu_ = emulated_cpu_model(fs::path(runner).filename(), cpu_);
}

ScriptRun RemoteMachine::in_folder(const std::string &script, double limit_seconds,
                                   const fs::path &input) {
    const auto ran = connection_.run(
        "cd " + shell_word(folder_) + " || exit " + std::to_string(no_folder) + "\n" + script,
        limit_seconds, input);
    if (!ran) connection_.give_up("no answer within " + std::to_string((int)limit_seconds) + " s");
    if (ran->exit_code == no_folder)
        connection_.give_up("folder " + folder_ + " is gone, expected it until tuning ends");
    return *ran;
}

// What is not needed any more goes first: a small board may not have room for both.
void RemoteMachine::receive(const std::vector<fs::path> &files) {
    std::unique_lock lock(mutex_);
    std::vector<std::pair<fs::path, size_t>> changed;
    double bytes = 0;
    for (const fs::path &file : files) {
        const std::string name = file.filename();
        const size_t hash = hash_of(file);
        const auto known = sent_.find(name);
        if (known != sent_.end() && known->second == hash) {
            unneeded_.erase(name);
            continue;
        }
        changed.emplace_back(file, hash);
        unneeded_.insert(name);
        bytes += (double)fs::file_size(file);
    }
    if (changed.empty()) return;
    std::string script = "rm -f" + words_of(unneeded_) + "\n" + expect_space(bytes);
    for (const std::string &name : unneeded_) sent_.erase(name);
    unneeded_.clear();
    lock.unlock();
    for (const auto &[file, hash] : changed) {
        const std::string name = shell_word(file.filename()),
                          size = std::to_string(fs::file_size(file));
        script += "cat >" + name + " && [ \"$(wc -c <" + name + ")\" -eq " + size +
                  " ] && chmod +x " + name + " || exit " + std::to_string(not_whole);
        send(script, 60 + bytes / slow_bytes_per_second, bytes, file);
        sent_[file.filename()] = hash;
        script.clear();
    }
}

void RemoteMachine::send(const std::string &script, double limit_seconds, double bytes,
                         const fs::path &file) {
    const ScriptRun ran = in_folder(script, limit_seconds, file);
    if (ran.exit_code == 0) return;
    const std::string parent = fs::path(folder_).parent_path(),
                      hint = "; --remote-folder names another folder";
    if (ran.exit_code == no_space)
        connection_.give_up(parent + " has " + mebibytes(1024 * std::atof(ran.output.c_str())) +
                            " left, expected " + mebibytes(bytes) +
                            " for a program and its operands" + hint);
    connection_.give_up("a program could not be written whole to " + parent + ": " +
                        last_line(ran.output) + hint);
}

void RemoteMachine::remove(const std::vector<std::string> &names) {
    const std::lock_guard lock(mutex_);
    unneeded_.insert(names.begin(), names.end());
}

ProgramRun RemoteMachine::run(const std::string &program, const std::vector<std::string> &arguments,
                              double limit_seconds) {
    // The program ends itself in time: what comes later is more than a slow line.
    constexpr double line_seconds = 10;
    const auto ran = connection_.run(
        "cd " + shell_word(folder_) + " || exit " + std::to_string(no_folder) +
            "\nulimit -c 0 2>/dev/null\n" + options_.runner + " ./" + shell_word(program) +
            words_of(arguments) + " </dev/null &\necho $! >pid\nwait $!\ncode=$?\nrm -f pid\n" +
            "exit $code",
        limit_seconds + line_seconds);
    ProgramRun result;
    if (!ran) {
        in_folder("read -r pid <pid && kill -9 \"$pid\"", line_seconds);
        result.is_overdue = true;
        return result;
    }
    result.output = ran->output;
    if (ran->exit_code > 128 && ran->exit_code <= 128 + 64)
        result.signal = ran->exit_code - 128;
    else
        result.exit_code = ran->exit_code;
    if (result.exit_code == no_folder)
        connection_.give_up("folder " + folder_ + " is gone, expected it until tuning ends");
    if (result.exit_code == 126 || result.exit_code == 127)  // a shell's
        connection_.give_up("a program cannot be run: " + last_line(result.output));
    if (result.signal == illegal_instruction && !has_run_)
        connection_.give_up("its processor, " + cpu_ +
                            ", lacks an instruction, expected one that runs board " + board_);
    result.is_overdue = result.signal == alarm_signal;
    has_run_ = has_run_ || result.succeeded();
    return result;
}

}  // namespace convoy
