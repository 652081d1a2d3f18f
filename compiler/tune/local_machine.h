#pragma once

#include "compiler/tune/machine.h"

namespace convoy {

// This machine.
class LocalMachine : public Machine {
public:
    // Files and what programs write go to `folder`. Programs have so much memory, or all where 0.
    LocalMachine(std::filesystem::path folder, int64_t memory_bytes);

    std::string name() const override { return "this machine"; }
    void receive(const std::vector<std::filesystem::path> &files) override;
    ProgramRun run(const std::string &program, const std::vector<std::string> &arguments,
                   double limit_seconds) override;
    void remove(const std::vector<std::string> &names) override;
    bool is_here() const override { return true; }

private:
    std::filesystem::path folder_;
    int64_t memory_bytes_;
};

}  // namespace convoy
