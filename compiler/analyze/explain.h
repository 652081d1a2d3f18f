#pragma once

#include <optional>

#include "compiler/analyze/used_kernels.h"
#include "schedules/bounds/cache_levels.h"
#include "schedules/bounds/kernel_bound.h"
#include "targets/roofline.h"

namespace convoy {

// What a kernel can move least through a cache, and what its schedule is taken to move.
struct LevelExplanation {
    CacheLevel level;
    std::optional<KernelBound> bound;     // empty: the kernel has no tiling program
    std::optional<double> traffic_bytes;  // empty: the schedule's template does not model it

    // The bound that holds for the schedule's algorithm: Winograd's and Strassen's have other
    // multiply-adds.
    double bound_bytes(bool is_exact) const;
};

// Why a kernel has its schedule, by the model and the records alone: nothing is compiled.
struct KernelExplanation : UsedKernel {
    bool is_exact = true;  // the schedule's template
    Roofline roofline;
    std::vector<LevelExplanation> levels;  // nearest first
    // All legal schedules by prediction, best first, without the reference ones where there are
    // others; a record's is where its measured time puts it.
    std::vector<RankedSchedule> candidates;

    double expected_us(const Board &board) const;
    double roofline_us() const;
};

// Of the distinct kernels of all models that multiply. Throws what reading does, BoardError,
// RecordError, Interrupted.
std::vector<KernelExplanation> explain(const std::vector<Analyzed> &models, const Board &board,
                                       const AnalyzeOptions &options);

}  // namespace convoy
