#include "schedules/threads.h"

#include <algorithm>
#include <cmath>

namespace convoy {

namespace {

constexpr int largest_count = 256;  // that a library runs on

double fork_join_cycles(const Board &board) {
    return board.fork_join_us * 1e3 * board.clock_ghz;
}

int limited(int threads, const ParallelLoops &loops) {
    return loops.tasks > 0 ? (int)std::min<double>(threads, loops.tasks) : threads;
}

// Of the work, what the thread has that has most: whole tasks.
double largest_share(int threads, const ParallelLoops &loops) {
    if (loops.tasks == 0) return 1.0 / threads;
    return std::ceil(loops.tasks / threads) / loops.tasks;
}

}  // namespace

int most_threads(double cycles, const ParallelLoops &loops, const Board &board) {
    if (board.gpu) return 1;
    // Two threads save half of the time and pay one fork and join: it takes more than two of these.
    const double least = 2 * loops.count * fork_join_cycles(board);
    const int paying = (int)std::ceil(std::min(cycles / least, 1e6));
    return limited(std::clamp(paying, 1, largest_count), loops);
}

double cycles_on(int threads, double cycles, const ParallelLoops &loops, const Board &board) {
    const int used = std::min(threads, most_threads(cycles, loops, board));
    if (used <= 1) return cycles;
    return cycles * largest_share(used, loops) + loops.count * fork_join_cycles(board);
}

double cycles_of_one(int threads, double measured, const ParallelLoops &loops, const Board &board) {
    const int used = limited(threads, loops);
    if (used <= 1) return measured;
    const double work = measured - loops.count * fork_join_cycles(board);
    // Where nearly all of it was sharing, the work is not known: it may not be worth that.
    return std::max(work, 0.1 * measured) / largest_share(used, loops);
}

}  // namespace convoy
