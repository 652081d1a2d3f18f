#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "schedules/choose.h"
#include "schedules/search/learned_cost.h"

namespace convoy {

// A legal schedule and what is predicted of it.
struct Point {
    Schedule schedule;
    double cycles = 0;
};

// All legal points of the templates that may be chosen, but for the reference one; a template with
// very many gives those that it predicts to be best and some of the others.
std::vector<Point> search_space(const Kernel &kernel, const Board &board,
                                const ScheduleRules &rules);

// Which schedules of a kernel to measure next, by what was measured before. The first is the one
// that is taken where nothing is measured. Knows nothing of how that is done, so that it can be
// tested and compared on recorded times.
class Search {
public:
    Search(Kernel kernel, Board board, std::vector<Point> space, uint32_t seed = 1);

    // Points not tried before, most promising first; empty when none is left. What is known of
    // other kernels comes with `known`: rows that weigh less than this kernel's own.
    struct KnownRow {
        Features features;
        double log_ratio = 0;
    };
    std::vector<Schedule> next(size_t count, const std::vector<KnownRow> &known = {});

    // What came of a point: cycles, or nothing where it cannot be used.
    void report(const Schedule &schedule, std::optional<double> cycles);

    const Point *best() const { return best_ < points_.size() ? &points_[best_].point : nullptr; }
    double best_cycles() const { return best_cycles_; }
    size_t tried() const { return tried_; }
    size_t size() const { return points_.size(); }
    // The share of the best time that the most promising point of the last next() was expected to
    // save.
    double expected_gain() const { return expected_gain_; }

private:
    struct Entry {
        Point point;
        bool is_tried = false;
        double score = 0;  // expected cycles
    };
    size_t index_of(const Schedule &schedule) const;
    void score(const std::vector<KnownRow> &known);
    std::vector<size_t> first_points() const;
    std::vector<size_t> neighbours_of_best() const;
    Features features_at(size_t at) const;

    const Kernel kernel_;
    const Board board_;
    std::vector<Entry> points_;  // by predicted cycles
    std::vector<std::pair<size_t, std::optional<double>>> reported_;
    std::mt19937 random_;
    size_t best_ = SIZE_MAX, tried_ = 0;
    double best_cycles_ = 0, expected_gain_ = 1;
};

}  // namespace convoy
