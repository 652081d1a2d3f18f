#pragma once

#include <map>
#include <mutex>
#include <set>

#include "compiler/tune/machine.h"
#include "compiler/tune/ssh_connection.h"
#include "targets/board.h"

namespace convoy {

struct RemoteOptions {
    std::string folder;       // there, for programs and their operands; empty: its temporary one
    std::string runner;       // a command there that runs the programs, such as an emulator
    std::string ssh = "ssh";  // the command that connects, with options
};

// A machine that `ssh` reaches, with a POSIX shell and the usual small programs. Files lie in a
// folder of their own there, which goes when the connection does.
class RemoteMachine : public Machine {
public:
    // Connects. Throws MachineGone where the host cannot run programs for the board. Files go to
    // `folder`, here.
    RemoteMachine(const std::string &host, const Board &board, RemoteOptions options,
                  const std::filesystem::path &folder);

    std::string name() const override { return connection_.host(); }
    void receive(const std::vector<std::filesystem::path> &files) override;
    ProgramRun run(const std::string &program, const std::vector<std::string> &arguments,
                   double limit_seconds) override;
    void remove(const std::vector<std::string> &names) override;
    bool is_here() const override { return false; }

private:
    ScriptRun in_folder(const std::string &script, double limit_seconds,
                        const std::filesystem::path &input = "/dev/null");
    void send(const std::string &script, double limit_seconds, double bytes,
              const std::filesystem::path &file);

    const std::string board_;
    const RemoteOptions options_;
    SshConnection connection_;
    std::string folder_;                  // there
    std::map<std::string, size_t> sent_;  // hashes of the files that are there, by their names
    bool has_run_ = false;                // a program, to its end
    std::mutex mutex_;                    // of the last
    std::set<std::string> unneeded_;      // of what is there
};

}  // namespace convoy
