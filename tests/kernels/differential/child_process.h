#pragma once

#include <functional>
#include <string>

#include <sys/types.h>

namespace convoy {

// A function in a process of its own: what it returns comes back, and its crashes and endless loops
// are results like any other.
class ChildProcess {
public:
    static const char *const out_of_time;  // the result of one that took more processor time

    ChildProcess(int seconds, const std::function<std::string()> &work);
    ChildProcess(ChildProcess &&other) noexcept;
    ChildProcess &operator=(ChildProcess &&) = delete;
    ~ChildProcess();

    pid_t pid() const { return pid_; }
    // Waits for its end. What the function returned or, with a '!' before it, how the process died.
    std::string result();

private:
    pid_t pid_ = 0;
    int output_ = -1;
};

}  // namespace convoy
