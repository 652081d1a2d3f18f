#include <iterator>

#include "tests/kernels/differential/trial.h"

namespace convoy {

namespace {

bool is_reference(const Template &t) {
    return t.name == std::string("reference");
}

// They take longer to schedule a kernel than the others to compile and run it.
bool is_of_autoschedulers(const Template &t) {
    return t.name == std::string("autoscheduled");
}

// One parameter changed to any value that stays legal.
Schedule neighbour(Trial trial, Random &random, const Board &board) {
    for (int tries = 0; tries < 8; tries++) {
        Trial changed = trial;
        auto parameter = changed.schedule.parameters.begin();
        std::advance(parameter, random.between(0, (int)changed.schedule.parameters.size() - 1));
        parameter->second = random.between(0, 16);
        if (is_legal(changed, board)) return changed.schedule;
    }
    return trial.schedule;
}

}  // namespace

std::vector<Trial> random_trials(const Kernel &kernel, Random &random, const Board &board) {
    constexpr int reference_percent = 30, autoscheduled_percent = 15;
    std::vector<Trial> trials;
    for (const Template *t : templates_for(board)) {
        if (!t->accepts(kernel, board)) continue;
        if (is_reference(*t) && !trials.empty() && !random.chance(reference_percent)) continue;
        if (is_of_autoschedulers(*t) && !random.chance(autoscheduled_percent)) continue;
        const std::vector<Schedule> candidates = t->candidates(kernel, board, Span::all);
        if (candidates.empty()) continue;
        Trial trial{kernel, random.one_of(candidates)};
        if (random.chance(50)) trial.schedule = neighbour(trial, random, board);
        trials.push_back(std::move(trial));
    }
    return trials;
}

}  // namespace convoy
