#pragma once

#include "compiler/tune/machine.h"

namespace convoy {

// This machine. Programs are kept on one processor, the last of those that this process may use,
// for the first takes most interrupts; several threads go where they like.
class LocalMachine : public Machine {
public:
    // Files and what programs write go to `folder`.
    LocalMachine(std::filesystem::path folder, int threads, int64_t memory_bytes);

    std::string name() const override { return "this machine"; }
    std::string cpu() override;
    void receive(const std::vector<std::filesystem::path> &files) override;
    ProgramRun run(const std::string &program, const std::vector<std::string> &arguments,
                   double limit_seconds) override;
    bool is_here() const override { return true; }

private:
    std::filesystem::path folder_;
    std::vector<std::filesystem::path> received_;
    int threads_;
    int64_t memory_bytes_;
};

}  // namespace convoy
