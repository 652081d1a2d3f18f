#include "tools/progress.h"

#include <unistd.h>

#include <cstdio>

namespace convoy {

Progress::Progress(bool enabled)
    : enabled_(enabled && isatty(STDERR_FILENO)), start_(std::chrono::steady_clock::now()) {}

void Progress::show(const std::string &what, int done, int total) {
    if (!enabled_) return;
    constexpr int width = 30;
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    std::string line = what;
    if (total > 0) {
        const int filled = width * done / total;
        line += " [" + std::string(filled, '#') + std::string(width - filled, '.') + "] " +
                std::to_string(done) + "/" + std::to_string(total);
    }
    std::fprintf(stderr, "\r\033[K%6.1f s  %s", seconds, line.c_str());
    std::fflush(stderr);
}

void Progress::warn(const std::string &text) {
    clear();
    std::fprintf(stderr, "warning: %s\n", text.c_str());
}

void Progress::clear() {
    if (!enabled_) return;
    std::fprintf(stderr, "\r\033[K");
    std::fflush(stderr);
}

}  // namespace convoy
