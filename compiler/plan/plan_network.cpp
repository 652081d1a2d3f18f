#include "compiler/plan/plan_network.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/plan/error_growth.h"
#include "compiler/plan/fuse_layers.h"
#include "compiler/plan/layout_assignment.h"
#include "compiler/plan/lower.h"
#include "compiler/plan/rounding.h"
#include "schedules/template.h"

namespace convoy {

namespace {

// What equal convolutions add to the outputs' error, squared, by tiles or levels of so many, and
// how many cycles they would lose with fewer.
struct Share {
    ConvProblem key;
    int most = 0;
    double square = 0, loss = 0;
};

void lower_limit(ScheduleRules &rules, const Share &share) {
    auto limit = std::ranges::find(rules.limits, share.key, &ScheduleRules::Limit::key);
    if (limit == rules.limits.end()) limit = rules.limits.insert(limit, {share.key});
    limit->most = share.most - 1;
}

double sum(const std::vector<Share> &shares) {
    double square = 0;
    for (const Share &share : shares) square += share.square;
    return square;
}

class Rounding {
public:
    Rounding(const Board &board, const Records &records) : board_(board), records_(records) {}

    // Of the schedules that the plan's kernels will have.
    std::vector<Share> shares(const PlannedNetwork &network) {
        std::vector<std::optional<Schedule>> inexact;  // by kernel
        for (const Kernel &kernel : network.plan.kernels)
            inexact.push_back(inexact_schedule(kernel, network.rules));
        std::vector<Share> list;
        if (std::ranges::none_of(inexact, [](const auto &s) { return s.has_value(); })) return list;
        const std::vector<double> growth = error_growth(network.graph);
        for (const PlanStep &step : network.plan.steps) {
            const std::optional<Schedule> &schedule = inexact[step.kernel_index];
            if (!schedule) continue;
            const double added = error(step, *schedule) * growth[step.node];
            if (!std::isfinite(added)) continue;  // weights that are no numbers have no rounding
            const Conv2dKernel &conv = std::get<Conv2dKernel>(step.kernel);
            const ConvProblem key = limit_key(conv.problem);
            auto share = std::ranges::find(list, key, &Share::key);
            if (share == list.end()) share = list.insert(list.end(), {key});
            share->square += added * added;
            share->most = std::max(share->most, packing_of(conv, *schedule).size());
        }
        return list;
    }

    // Of the shares, those that lose least for what they add, until the others are few enough.
    std::vector<Share> worst(std::vector<Share> shares, const PlannedNetwork &network) const {
        for (Share &share : shares) share.loss = loss(share, network);
        // Half a cycle: a share that loses nothing is the first to go.
        std::ranges::sort(shares, std::greater(), [](const Share &share) {
            return share.square / std::max(share.loss, 0.5);
        });
        const double most = network.rules.max_error * network.rules.max_error;
        double left = sum(shares);
        auto end = shares.begin();
        for (; end != shares.end() && left > most; ++end) left -= end->square;
        shares.erase(end, shares.end());
        // The last may have been enough without some before it.
        std::ranges::sort(shares, std::greater(), &Share::loss);
        std::erase_if(shares, [&](const Share &share) {
            if (left + share.square > most) return false;
            left += share.square;
            return true;
        });
        return shares;
    }

private:
    // What a kernel will have, where that is not exact.
    std::optional<Schedule> inexact_schedule(const Kernel &kernel,
                                             const ScheduleRules &rules) const {
        if (!std::holds_alternative<Conv2dKernel>(kernel)) return {};
        const auto ranked = rank_schedules(kernel, board_, records_, 1, rules);
        if (ranked.empty() || template_of(ranked.front().schedule, board_).is_exact) return {};
        return ranked.front().schedule;
    }

    // 0 where no template accepts it.
    double cycles(const Kernel &kernel, const ScheduleRules &rules) const {
        const auto ranked = rank_schedules(kernel, board_, records_, 1, rules);
        return ranked.empty() ? 0 : ranked.front().cycles;
    }

    double error(const PlanStep &step, const Schedule &schedule) {
        const auto [known, is_new] = errors_.try_emplace({step.weights, to_string(schedule)}, 0.0);
        if (is_new || !step.weights)
            known->second =
                rounding_error(std::get<Conv2dKernel>(step.kernel), schedule, step.weights)
                    .of_mean_squares();
        return known->second;
    }

    double loss(const Share &share, const PlannedNetwork &network) const {
        ScheduleRules lower = network.rules;
        lower_limit(lower, share);
        std::map<int, double> of_kernel;
        double lost = 0;
        for (int s = 0; s < (int)network.plan.steps.size(); s++) {
            const PlanStep &step = network.plan.steps[s];
            const auto *conv = std::get_if<Conv2dKernel>(&step.kernel);
            if (!conv || limit_key(conv->problem) != share.key) continue;
            const auto [known, is_new] = of_kernel.try_emplace(step.kernel_index, 0.0);
            if (is_new)
                known->second = cycles(step.kernel, lower) - cycles(step.kernel, network.rules);
            lost += network.plan.calls(s) * known->second;
        }
        return lost;
    }

    const Board &board_;
    const Records &records_;
    std::map<std::pair<Constant, std::string>, double> errors_;  // by weights and schedule
};

}  // namespace

PlannedNetwork plan_network(const Graph &model, const Board &board, const Records &records,
                            const ScheduleRules &rules) {
    PlannedNetwork network{{}, {}, rules};
    Rounding rounding(board, records);
    for (;;) {
        network.graph = fuse_layers(model, board, records, network.rules);
        network.plan = lower(network.graph,
                             assign_layouts(network.graph, board, records, network.rules), board);
        const std::vector<Share> shares = rounding.shares(network);
        network.plan.relative_error = std::sqrt(sum(shares));
        if (network.plan.relative_error <= rules.max_error) return network;
        const std::vector<Share> worst = rounding.worst(shares, network);
        if (worst.empty()) return network;  // it was their sum's own rounding
        for (const Share &share : worst) lower_limit(network.rules, share);
    }
}

}  // namespace convoy
