#include "compiler/plan/min_sum.h"

#include <algorithm>
#include <limits>
#include <set>

namespace convoy {

namespace {

// Walks all choices of `variables`, in the order of a Factor's entries.
class Choices {
public:
    Choices(std::vector<int> variables, const std::vector<int> &domains)
        : variables_(std::move(variables)), domains_(domains), value_of_(domains.size(), 0) {}

    const std::vector<int> &values() const { return value_of_; }
    int &value(int variable) { return value_of_[variable]; }
    bool next() {
        for (int v : variables_) {
            if (++value_of_[v] < domains_[v]) return true;
            value_of_[v] = 0;
        }
        return false;
    }

private:
    std::vector<int> variables_;
    const std::vector<int> &domains_;
    std::vector<int> value_of_;
};

size_t entry(const Factor &factor, const std::vector<int> &domains,
             const std::vector<int> &values) {
    size_t at = 0, stride = 1;
    for (int v : factor.variables) {
        at += stride * values[v];
        stride *= domains[v];
    }
    return at;
}

struct Elimination {
    int variable;
    std::vector<Factor> factors;  // those that named the variable
};

class Problem {
public:
    Problem(const std::vector<int> &domains, std::vector<Factor> factors, size_t max_entries)
        : domains_(domains), factors_(std::move(factors)), max_entries_(max_entries) {}

    std::vector<int> solve() {
        std::set<int> left;
        for (int v = 0; v < (int)domains_.size(); v++) left.insert(v);
        std::vector<Elimination> order;
        while (!left.empty()) {
            const int v = cheapest(left);
            if (joined_entries(v) > max_entries_) {
                fix_most_connected(left);
                continue;
            }
            order.push_back(eliminate(v));
            left.erase(v);
        }
        std::vector<int> values(domains_.size(), 0);
        for (auto step = order.rbegin(); step != order.rend(); ++step) {
            double best = std::numeric_limits<double>::infinity();
            int choice = 0;
            for (int value = 0; value < domains_[step->variable]; value++) {
                values[step->variable] = value;
                double cost = 0;
                for (const Factor &f : step->factors) cost += f.cost[entry(f, domains_, values)];
                if (cost < best) best = cost, choice = value;
            }
            values[step->variable] = choice;
        }
        return values;
    }

private:
    std::vector<int> neighbours(int v) const {
        std::set<int> found;
        for (const Factor &f : factors_) {
            if (std::find(f.variables.begin(), f.variables.end(), v) == f.variables.end()) continue;
            found.insert(f.variables.begin(), f.variables.end());
        }
        found.erase(v);
        return {found.begin(), found.end()};
    }

    size_t joined_entries(int v) const {
        size_t entries = 1;
        for (int n : neighbours(v)) {
            entries *= domains_[n];
            if (entries > max_entries_) break;
        }
        return entries;
    }

    int cheapest(const std::set<int> &left) const {
        size_t least = std::numeric_limits<size_t>::max();
        int best = *left.begin();
        for (int v : left) {
            const size_t entries = joined_entries(v);
            if (entries < least) least = entries, best = v;
        }
        return best;
    }

    Elimination eliminate(int v) {
        Factor joined{neighbours(v), {}};
        Elimination step{v, {}};
        for (auto f = factors_.begin(); f != factors_.end();) {
            if (std::find(f->variables.begin(), f->variables.end(), v) == f->variables.end()) {
                ++f;
                continue;
            }
            step.factors.push_back(std::move(*f));
            f = factors_.erase(f);
        }
        Choices choices(joined.variables, domains_);
        do {
            double best = std::numeric_limits<double>::infinity();
            for (int value = 0; value < domains_[v]; value++) {
                choices.value(v) = value;
                double cost = 0;
                for (const Factor &f : step.factors)
                    cost += f.cost[entry(f, domains_, choices.values())];
                best = std::min(best, cost);
            }
            choices.value(v) = 0;
            joined.cost.push_back(best);
        } while (choices.next());
        factors_.push_back(std::move(joined));
        return step;
    }

    // Adds a factor that forbids all values of the most connected variable but the one whose
    // factors, each at its own best, cost least; its former factors are then narrowed so that it no
    // longer connects its neighbours.
    void fix_most_connected(const std::set<int> &left) {
        int hub = *left.begin();
        size_t most = 0;
        for (int v : left) {
            const size_t count = neighbours(v).size();
            if (count > most) most = count, hub = v;
        }
        std::vector<double> bound(domains_[hub], 0);
        for (const Factor &f : factors_) {
            if (std::find(f.variables.begin(), f.variables.end(), hub) == f.variables.end())
                continue;
            std::vector<double> least(domains_[hub], std::numeric_limits<double>::infinity());
            Choices choices(f.variables, domains_);
            do {
                double &cost = least[choices.value(hub)];
                cost = std::min(cost, f.cost[entry(f, domains_, choices.values())]);
            } while (choices.next());
            for (int value = 0; value < domains_[hub]; value++) bound[value] += least[value];
        }
        const int value = int(std::min_element(bound.begin(), bound.end()) - bound.begin());
        for (Factor &f : factors_) {
            const auto at = std::find(f.variables.begin(), f.variables.end(), hub);
            if (at == f.variables.end()) continue;
            Factor narrowed{f.variables, {}};
            narrowed.variables.erase(narrowed.variables.begin() + (at - f.variables.begin()));
            Choices choices(narrowed.variables, domains_);
            choices.value(hub) = value;
            do {
                narrowed.cost.push_back(f.cost[entry(f, domains_, choices.values())]);
            } while (choices.next());
            f = std::move(narrowed);
        }
        Factor only{{hub},
                    std::vector<double>(domains_[hub], std::numeric_limits<double>::infinity())};
        only.cost[value] = 0;
        factors_.push_back(std::move(only));
    }

    const std::vector<int> &domains_;
    std::vector<Factor> factors_;
    size_t max_entries_;
};

}  // namespace

std::vector<int> minimize(const std::vector<int> &domains, std::vector<Factor> factors,
                          size_t max_entries) {
    return Problem(domains, std::move(factors), max_entries).solve();
}

}  // namespace convoy
