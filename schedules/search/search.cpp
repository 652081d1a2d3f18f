#include "schedules/search/search.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "schedules/bounds/seeds.h"
#include "schedules/search/features.h"

namespace convoy {

namespace {

// Of one template: those that it predicts to be best, and of the rest a sample.
constexpr size_t best_points = 2000, other_points = 500;
// What a point that cannot be used teaches: it is as good as so many times slower.
constexpr double useless = 3;
constexpr double own_weight = 6;
constexpr size_t most_seeds = 2;

void keep_most_promising(std::vector<Point> &points, size_t first) {
    const auto begin = points.begin() + (std::ptrdiff_t)first;
    std::stable_sort(begin, points.end(),
                     [](const Point &a, const Point &b) { return a.cycles < b.cycles; });
    if (points.size() - first <= best_points + other_points) return;
    const size_t rest = points.size() - first - best_points;
    for (size_t i = 0; i < other_points; i++)
        points[first + best_points + i] = points[first + best_points + i * rest / other_points];
    points.resize(first + best_points + other_points);
}

int parameters_apart(const Schedule &a, const Schedule &b) {
    if (a.template_name != b.template_name || a.parameters.size() != b.parameters.size())
        return 1000;
    int apart = 0;
    for (auto x = a.parameters.begin(), y = b.parameters.begin(); x != a.parameters.end(); ++x, ++y)
        apart += x->first == y->first ? x->second != y->second : 1000;
    return apart;
}

}  // namespace

std::vector<Point> search_space(const Kernel &kernel, const Board &board,
                                const ScheduleRules &rules) {
    std::vector<Point> points;
    for (const Template *t : templates_for(board)) {
        if (t->name == std::string("reference") || !t->accepts(kernel, board)) continue;
        const size_t first = points.size();
        for (Schedule &schedule : t->candidates(kernel, board, Span::all)) {
            if (!is_allowed(*t, kernel, schedule, rules)) continue;
            const double cycles = predicted_cycles(*t, kernel, schedule, board, rules);
            points.push_back({std::move(schedule), cycles});
        }
        keep_most_promising(points, first);
    }
    return points;
}

Search::Search(Kernel kernel, Board board, std::vector<Point> space, uint32_t seed)
    : kernel_(std::move(kernel)), board_(std::move(board)), random_(seed) {
    std::stable_sort(space.begin(), space.end(),
                     [](const Point &a, const Point &b) { return a.cycles < b.cycles; });
    for (Point &point : space) points_.push_back({std::move(point), false, 0});
}

Features Search::features_at(size_t at) const {
    const Point &point = points_[at].point;
    return features_of(kernel_, point.schedule, board_, point.cycles);
}

size_t Search::index_of(const Schedule &schedule) const {
    const auto found = std::find_if(points_.begin(), points_.end(), [&](const Entry &entry) {
        return entry.point.schedule == schedule;
    });
    return (size_t)(found - points_.begin());
}

void Search::report(const Schedule &schedule, std::optional<double> cycles) {
    const size_t at = index_of(schedule);
    if (at == points_.size()) return;
    tried_ += !points_[at].is_tried;
    points_[at].is_tried = true;
    reported_.emplace_back(at, cycles);
    if (cycles && (best_ == SIZE_MAX || *cycles < best_cycles_)) {
        best_ = at;
        best_cycles_ = *cycles;
    }
}

void Search::score(const std::vector<KnownRow> &known) {
    LearnedCost model;
    for (const KnownRow &row : known) model.add(row.features, row.log_ratio);
    for (const auto &[at, cycles] : reported_) {
        const double ratio = cycles ? *cycles / points_[at].point.cycles : useless;
        model.add(features_at(at), std::log(ratio), own_weight);
    }
    model.fit();
    std::vector<Features> rows;
    for (size_t at = 0; at < points_.size(); at++) rows.push_back(features_at(at));
    const std::vector<double> logs = model.predict(rows);
    for (size_t at = 0; at < points_.size(); at++)
        points_[at].score = points_[at].point.cycles * std::exp(logs[at]);
}

// The best of each template that is not hopeless, for the predictions of one compare better than
// those of several; then those that the tiling program of the caches points to.
std::vector<size_t> Search::first_points() const {
    constexpr double hopeless = 2;
    std::vector<size_t> list;
    std::set<std::string> seen;
    for (size_t at = 0; at < points_.size(); at++) {
        const Point &point = points_[at].point;
        if (point.cycles > hopeless * points_[0].point.cycles) break;
        if (seen.insert(point.schedule.template_name).second) list.push_back(at);
    }
    std::vector<Schedule> schedules;
    for (const Entry &entry : points_) schedules.push_back(entry.point.schedule);
    for (const size_t at : seed_points(kernel_, schedules, board_, most_seeds)) {
        if (points_[at].point.cycles <= hopeless * points_[0].point.cycles) list.push_back(at);
    }
    return list;
}

std::vector<size_t> Search::neighbours_of_best() const {
    std::vector<size_t> list;
    for (size_t at = 0; at < points_.size(); at++) {
        if (!points_[at].is_tried && best_ < points_.size() &&
            parameters_apart(points_[at].point.schedule, points_[best_].point.schedule) <= 2)
            list.push_back(at);
    }
    return list;
}

std::vector<Schedule> Search::next(size_t count, const std::vector<KnownRow> &known) {
    std::vector<size_t> chosen;
    const auto choose = [&](size_t at) {
        if (chosen.size() < count && !points_[at].is_tried &&
            std::find(chosen.begin(), chosen.end(), at) == chosen.end())
            chosen.push_back(at);
    };
    const auto by_score = [&](size_t a, size_t b) { return points_[a].score < points_[b].score; };
    if (points_.empty()) return {};
    score(known);
    if (tried_ == 0) {
        for (const size_t at : first_points()) choose(at);
    }
    std::vector<size_t> order;
    for (size_t at = 0; at < points_.size(); at++) {
        if (!points_[at].is_tried) order.push_back(at);
    }
    std::stable_sort(order.begin(), order.end(), by_score);
    if (best_ < points_.size() && !order.empty())
        expected_gain_ = 1 - points_[order.front()].score / best_cycles_;
    // A quarter near the best so far, a sixth anywhere among the more promising, the others where
    // the model expects most.
    const size_t by_model = count - count / 4 - count / 6;
    for (size_t i = 0; i < order.size() && chosen.size() < by_model; i++) choose(order[i]);
    std::vector<size_t> near = neighbours_of_best();
    std::stable_sort(near.begin(), near.end(), by_score);
    for (size_t i = 0; i < near.size() && chosen.size() < by_model + count / 4; i++)
        choose(near[i]);
    for (int tries = 0; tries < 20 && chosen.size() < count && !order.empty(); tries++)
        choose(order[random_() % std::min(order.size(), std::max<size_t>(order.size() / 5, 20))]);
    for (size_t i = 0; i < order.size() && chosen.size() < count; i++) choose(order[i]);

    std::vector<Schedule> list;
    for (const size_t at : chosen) list.push_back(points_[at].point.schedule);
    return list;
}

}  // namespace convoy
