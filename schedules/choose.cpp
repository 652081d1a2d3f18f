#include "schedules/choose.h"

#include <algorithm>

namespace convoy {

namespace {

std::optional<RankedSchedule> recorded(const Kernel &kernel, const Board &board,
                                       const Records &records) {
    const Record *record = records.find(to_string(kernel));
    if (!record) return {};
    for (const Template *t : templates_for(board)) {
        if (record->schedule.template_name != t->name || record->template_version != t->version)
            continue;
        if (!t->accepts(kernel, board) || !t->illegal(kernel, record->schedule, board).empty())
            return {};
        return RankedSchedule{record->schedule, record->time_us * 1e3 * board.clock_ghz, true};
    }
    return {};
}

}  // namespace

std::vector<RankedSchedule> rank_schedules(const Kernel &kernel, const Board &board,
                                           const Records &records, size_t limit) {
    std::vector<RankedSchedule> ranked, reference;
    for (const Template *t : templates_for(board)) {
        if (!t->accepts(kernel, board)) continue;
        std::vector<RankedSchedule> &list =
            t->name == std::string("reference") ? reference : ranked;
        for (Schedule &schedule : t->candidates(kernel, board)) {
            const double cycles = t->cycles(kernel, schedule, board);
            list.push_back({std::move(schedule), cycles});
        }
    }
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto &a, const auto &b) { return a.cycles < b.cycles; });
    if (auto record = recorded(kernel, board, records)) {
        std::erase_if(ranked, [&](const auto &r) { return r.schedule == record->schedule; });
        ranked.insert(ranked.begin(), *record);
    }
    if (ranked.size() > limit) ranked.resize(limit);
    ranked.insert(ranked.end(), reference.begin(), reference.end());
    return ranked;
}

std::optional<double> best_cycles(const Kernel &kernel, const Board &board,
                                  const Records &records) {
    const auto ranked = rank_schedules(kernel, board, records, 1);
    if (ranked.empty()) return {};
    return ranked.front().cycles;
}

}  // namespace convoy
