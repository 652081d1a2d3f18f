#pragma once

#include <chrono>
#include <string>

namespace convoy {

// One line on standard error that says what is going on, redrawn in place on a terminal; nothing
// elsewhere but the warnings.
class Progress {
public:
    explicit Progress(bool enabled);
    ~Progress() { clear(); }

    void show(const std::string &what, int done, int total);
    void warn(const std::string &text);
    void clear();

private:
    bool enabled_;
    std::chrono::steady_clock::time_point start_;
};

}  // namespace convoy
