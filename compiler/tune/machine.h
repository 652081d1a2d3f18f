#pragma once

#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace convoy {

// A machine that does not answer any more; what it was given can be given to another.
struct MachineGone : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// What a program did.
struct ProgramRun {
    std::string output;
    int signal = 0, exit_code = 0;
    bool is_overdue = false;  // ended by its time limit

    bool succeeded() const { return signal == 0 && exit_code == 0 && !is_overdue; }
};

// Where trial programs run: one at a time, so that nothing disturbs a measurement. Several threads
// may share one that is not here: files and programs are for the one whose turn it is.
class Machine {
public:
    virtual ~Machine() = default;

    virtual std::string name() const = 0;
    // The processor's model, or the name of the GPU that kernels run on there: a record's key.
    const std::string &cpu() const { return cpu_; }
    void runs_on_gpu(std::string name) { cpu_ = std::move(name); }
    // A turn is for a whole batch of programs, so that who waits for it prepared its own before.
    std::unique_lock<std::mutex> take_turn() { return std::unique_lock(turn_); }
    // Makes files available to programs under their names, in the place of earlier ones.
    // Throws MachineGone.
    virtual void receive(const std::vector<std::filesystem::path> &files) = 0;
    // Runs one of the files with arguments, among them names of others. Throws MachineGone.
    virtual ProgramRun run(const std::string &program, const std::vector<std::string> &arguments,
                           double limit_seconds) = 0;
    // Files that are not needed any more, of those received and those that programs wrote; some may
    // stay until others come. At any time.
    virtual void remove(const std::vector<std::string> &names) = 0;
    // Whether compilers would disturb what is measured.
    virtual bool is_here() const = 0;

protected:
    std::string cpu_;

private:
    std::mutex turn_;
};

}  // namespace convoy
