#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace convoy {

using Features = std::map<std::string, double>;

// How far measured times are from predicted ones, learned by gradient-boosted trees (XGBoost) from
// what was measured before. Deterministic: the same rows in the same order, the same predictions.
class LearnedCost {
public:
    LearnedCost();
    ~LearnedCost();

    // log_ratio: natural logarithm of measured over predicted time.
    void add(const Features &features, double log_ratio, double weight = 1);
    // Learns from all rows. Fewer than a dozen teach nothing.
    void fit();
    // The logarithms expected for each; zeros before fit().
    std::vector<double> predict(const std::vector<Features> &rows) const;
    size_t size() const { return rows_.size(); }

private:
    struct Row {
        Features features;
        float log_ratio, weight;
    };
    struct Booster;
    std::vector<float> matrix(const std::vector<const Features *> &rows) const;

    std::vector<Row> rows_;
    std::vector<std::string> columns_;
    std::unique_ptr<Booster> booster_;
};

}  // namespace convoy
