#pragma once

#include <span>
#include <vector>

namespace convoy {

// maximise objective . x, where 0 <= x <= upper and every row . x <= its limit. Solved by CLP.
class LinearProgram {
public:
    // One coefficient and one upper bound, infinity for none, a variable.
    LinearProgram(std::vector<double> objective, std::vector<double> upper);

    // One coefficient a variable.
    void add_row(std::span<const double> row, double limit);

    struct Solution {
        double value;  // of the objective
        std::vector<double> x;
    };
    // Throws std::logic_error where CLP finds no optimum: the limits exclude 0, or nothing limits
    // the objective.
    Solution maximise() const;

private:
    std::vector<double> objective_, upper_;
    std::vector<std::vector<double>> rows_;
    std::vector<double> limits_;
};

}  // namespace convoy
