#include "tools/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace convoy {

namespace {

int terminal_columns() {
    winsize size{};
    constexpr int usual = 80;  // where the terminal does not say
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
}

std::string bar(int width, int done, int total) {
    const int filled = width * done / total;
    return "[" + std::string(filled, '#') + std::string(width - filled, '.') + "] " +
           std::to_string(done) + "/" + std::to_string(total) + "  ";
}

}  // namespace

Progress::Progress(bool enabled)
    : enabled_(enabled && isatty(STDERR_FILENO)), start_(std::chrono::steady_clock::now()) {}

void Progress::show(const std::string &what, int done, int total) {
    if (!enabled_) return;
    const int columns = terminal_columns();
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    char time[32];
    std::snprintf(time, sizeof time, "%6.1f s  ", seconds);
    std::string line = time;
    if (total > 0) line += bar(std::clamp(columns / 8, 4, 30), done, total);
    // A line that is wrapped cannot be redrawn.
    line = (line + what).substr(0, (size_t)columns - 1);
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
}

void Progress::warn(const std::string &text) {
    if (!warned_.insert(text).second) return;
    clear();
    std::fprintf(stderr, "warning: %s\n", text.c_str());
}

void Progress::clear() {
    if (!enabled_) return;
    std::fprintf(stderr, "\r\033[K");
    std::fflush(stderr);
}

}  // namespace convoy
