#pragma once

#include <chrono>
#include <set>
#include <string>

namespace convoy {

// One line on standard error that says what is going on, redrawn in place on a terminal, whose
// width it is cut to; nothing elsewhere but the warnings.
class Progress {
public:
    explicit Progress(bool enabled);
    ~Progress() { clear(); }

    void show(const std::string &what, int done, int total);
    // Each text once: a model may be read several times.
    void warn(const std::string &text);
    void clear();

private:
    bool enabled_;
    std::chrono::steady_clock::time_point start_;
    std::set<std::string> warned_;
};

}  // namespace convoy
