#include "compiler/analyze/explain.h"

#include <algorithm>
#include <limits>

#include "compiler/plan/plan.h"
#include "compiler/records_here.h"

namespace convoy {

namespace {

std::optional<double> traffic_through(const KernelExplanation &explained, const Template &t,
                                      const CacheLevel &level, const Board &board) {
    if (!t.traffic) return {};
    const Traffic traffic = t.traffic(explained.kernel, explained.ranked.schedule, board);
    if (level.name != "registers") return bytes_through(traffic, level.bytes);
    if (traffic.register_bytes == 0) return {};
    return traffic.register_bytes;
}

KernelExplanation explain(UsedKernel used, const Board &board, const Records &records) {
    KernelExplanation explained{std::move(used)};
    const Kernel &kernel = explained.kernel;
    explained.roofline = roofline(board, macs(kernel), compulsory_bytes(kernel));
    constexpr size_t all = std::numeric_limits<size_t>::max();
    explained.candidates = rank_schedules(kernel, board, records, all, explained.rules);
    std::vector<RankedSchedule> &candidates = explained.candidates;
    if (candidates.empty())
        throw CompileError(to_string(kernel) + ": no schedule template accepts it");
    explained.ranked = candidates.front();
    const auto is_reference = [](const RankedSchedule &candidate) {
        return candidate.schedule.template_name == "reference";
    };
    if (!is_reference(candidates.front())) std::erase_if(candidates, is_reference);
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const auto &a, const auto &b) { return a.cycles < b.cycles; });

    const Template &t = template_of(explained.ranked.schedule, board);
    explained.is_exact = t.is_exact;
    for (const CacheLevel &level : cache_levels(board)) {
        explained.levels.push_back({level, kernel_bound(kernel, level.bytes),
                                    traffic_through(explained, t, level, board)});
    }
    return explained;
}

}  // namespace

double LevelExplanation::bound_bytes(bool is_exact) const {
    return is_exact ? bound->traffic.bytes() : bound->traffic.compulsory_bytes;
}

double KernelExplanation::expected_us(const Board &board) const {
    return ranked.cycles / (board.clock_ghz * 1e3);
}

double KernelExplanation::roofline_us() const {
    return std::max(roofline.compute_us, roofline.memory_us);
}

std::vector<KernelExplanation> explain(const std::vector<Analyzed> &models, const Board &board,
                                       const AnalyzeOptions &options) {
    const Records records = records_here(board, {options.record_files, options.warn});
    std::vector<UsedKernel> used = used_kernels(models, board, records, options);
    std::vector<KernelExplanation> list;
    for (UsedKernel &kernel : used) {
        report(options, "explaining kernels", (int)list.size(), (int)used.size());
        list.push_back(explain(std::move(kernel), board, records));
    }
    return list;
}

}  // namespace convoy
