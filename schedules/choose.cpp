#include "schedules/choose.h"

#include <algorithm>

#include "schedules/threads.h"

namespace convoy {

namespace {

// What a prediction must gain over a record of another number of threads.
constexpr double doubt_of_threads = 1.15;

bool same_parameters(const Schedule &a, const Schedule &b) {
    return std::equal(a.parameters.begin(), a.parameters.end(), b.parameters.begin(),
                      b.parameters.end(),
                      [](const auto &x, const auto &y) { return x.first == y.first; });
}

bool has_parameters(const std::vector<Schedule> &candidates, const Schedule &schedule) {
    return std::any_of(candidates.begin(), candidates.end(),
                       [&](const Schedule &c) { return same_parameters(c, schedule); });
}

bool applies(const Template &t, const Kernel &kernel, const Schedule &schedule,
             const Board &board) {
    if (!t.accepts(kernel, board)) return false;
    // Those that are usual may lack parameters that only some points of all have.
    return (has_parameters(t.candidates(kernel, board, Span::usual), schedule) ||
            has_parameters(t.candidates(kernel, board, Span::all), schedule)) &&
           t.illegal(kernel, schedule, board).empty();
}

std::optional<RankedSchedule> recorded(const Kernel &kernel, const Board &board,
                                       const Records &records, const ScheduleRules &rules) {
    const std::optional<Record> record = records.find_similar(to_string(kernel));
    if (!record) return {};
    for (const Template *t : templates_for(board)) {
        if (record->schedule.template_name != t->name || record->template_version != t->version)
            continue;
        if (!applies(*t, kernel, record->schedule, board) ||
            !is_allowed(*t, kernel, record->schedule, rules))
            return {};
        const ParallelLoops loops = parallel_loops(*t, kernel, record->schedule, board);
        const double measured = record->time_us * 1e3 * board.clock_ghz;
        const double of_one = cycles_of_one(record->threads, measured, loops, board);
        return RankedSchedule{
            record->schedule,
            record->threads == rules.threads ? measured
                                             : cycles_on(rules.threads, of_one, loops, board),
            std::make_shared<const Record>(*record), most_threads(of_one, loops, board)};
    }
    return {};
}

}  // namespace

bool is_legal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    for (const Template *t : templates_for(board)) {
        if (schedule.template_name == t->name) return applies(*t, kernel, schedule, board);
    }
    return false;
}

bool is_tunable(const Kernel &kernel) {
    return std::holds_alternative<Conv2dKernel>(kernel) ||
           std::holds_alternative<SeparableConv2dKernel>(kernel) ||
           std::holds_alternative<TwoLevelConv2dKernel>(kernel);
}

ConvProblem limit_key(ConvProblem p) {
    p.mb = 1;
    if (p.kh == 1 && p.kw == 1) p.ih = p.iw = p.oh = p.ow = 1;
    return p;
}

const ScheduleRules::Limit *ScheduleRules::limit_of(const ConvProblem &problem) const {
    const auto found = std::ranges::find(limits, limit_key(problem), &Limit::key);
    return found == limits.end() ? nullptr : &*found;
}

bool is_allowed(const Template &t, const Kernel &kernel, const Schedule &schedule,
                const ScheduleRules &rules) {
    if (t.is_exact || !rules.winograd) return t.is_exact;
    const Conv2dKernel &conv = std::get<Conv2dKernel>(kernel);
    const ScheduleRules::Limit *limit = rules.limit_of(conv.problem);
    return !limit || packing_of(conv, schedule).size() <= limit->most;
}

bool RankedSchedule::is_of(const Kernel &kernel) const {
    return record && record->kernel == to_string(kernel);
}

double predicted_cycles(const Template &t, const Kernel &kernel, const Schedule &schedule,
                        const Board &board, const ScheduleRules &rules) {
    return cycles_on(rules.threads, t.cycles(kernel, schedule, board),
                     parallel_loops(t, kernel, schedule, board), board);
}

std::vector<RankedSchedule> rank_schedules(const Kernel &kernel, const Board &board,
                                           const Records &records, size_t limit,
                                           const ScheduleRules &rules) {
    std::vector<RankedSchedule> ranked, reference;
    for (const Template *t : templates_for(board)) {
        if (!t->accepts(kernel, board)) continue;
        std::vector<RankedSchedule> &list =
            t->name == std::string("reference") ? reference : ranked;
        for (Schedule &schedule : t->candidates(kernel, board, Span::usual)) {
            if (!is_allowed(*t, kernel, schedule, rules)) continue;
            const double cycles = t->cycles(kernel, schedule, board);
            const ParallelLoops loops = parallel_loops(*t, kernel, schedule, board);
            list.push_back({std::move(schedule),
                            cycles_on(rules.threads, cycles, loops, board),
                            {},
                            most_threads(cycles, loops, board)});
        }
    }
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto &a, const auto &b) { return a.cycles < b.cycles; });
    if (auto record = recorded(kernel, board, records, rules)) {
        std::erase_if(ranked, [&](const auto &r) { return r.schedule == record->schedule; });
        // What is fastest on one thread may leave others without work.
        const bool is_beaten = record->record->threads != rules.threads && !ranked.empty() &&
                               ranked.front().cycles *
                                       records.measured_over_predicted(to_string(kernel)) *
                                       doubt_of_threads <
                                   record->cycles;
        ranked.insert(ranked.begin() + is_beaten, *record);
    }
    if (ranked.size() > limit) ranked.resize(limit);
    ranked.insert(ranked.end(), reference.begin(), reference.end());
    return ranked;
}

std::optional<double> best_cycles(const Kernel &kernel, const Board &board, const Records &records,
                                  const ScheduleRules &rules) {
    const auto ranked = rank_schedules(kernel, board, records, 1, rules);
    if (ranked.empty()) return {};
    const RankedSchedule &best = ranked.front();
    if (!is_tunable(kernel) || records.size() == 0 || best.is_of(kernel)) return best.cycles;
    if (best.from_record()) return best.cycles * records.doubt;
    return ranked.front().cycles * records.measured_over_predicted(to_string(kernel)) *
           records.doubt;
}

}  // namespace convoy
