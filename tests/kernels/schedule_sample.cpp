#include "tests/kernels/schedule_sample.h"

#include <algorithm>
#include <random>

#include "schedules/choose.h"

namespace convoy {

std::vector<Schedule> sample_schedules(const Kernel &kernel, const Board &board, size_t ranked,
                                       size_t others) {
    std::vector<Schedule> sample;
    const auto add = [&](const Schedule &schedule) {
        if (std::find(sample.begin(), sample.end(), schedule) == sample.end())
            sample.push_back(schedule);
    };
    for (const RankedSchedule &r : rank_schedules(kernel, board, {}, ranked)) add(r.schedule);

    const std::string text = to_string(kernel) + board.name;
    std::seed_seq seed(text.begin(), text.end());
    std::mt19937 random(seed);
    for (const Template *t : templates_for(board)) {
        if (!t->accepts(kernel, board)) continue;
        const std::vector<Schedule> candidates = t->candidates(kernel, board, Span::usual);
        for (size_t i = 0; i < others && !candidates.empty(); i++)
            add(candidates[random() % candidates.size()]);
    }
    return sample;
}

}  // namespace convoy
