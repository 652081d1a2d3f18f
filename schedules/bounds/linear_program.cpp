#include "schedules/bounds/linear_program.h"

#include <Clp_C_Interface.h>

#include <cassert>
#include <limits>
#include <memory>
#include <stdexcept>

namespace convoy {

LinearProgram::LinearProgram(std::vector<double> objective, std::vector<double> upper)
    : objective_(std::move(objective)), upper_(std::move(upper)) {
    assert(objective_.size() == upper_.size());
}

void LinearProgram::add_row(std::span<const double> row, double limit) {
    assert(row.size() == objective_.size());
    rows_.emplace_back(row.begin(), row.end());
    limits_.push_back(limit);
}

LinearProgram::Solution LinearProgram::maximise() const {
    const size_t variables = objective_.size();
    // CLP takes the matrix by columns.
    std::vector<CoinBigIndex> starts = {0};
    std::vector<int> indices;
    std::vector<double> values;
    for (size_t column = 0; column < variables; column++) {
        for (size_t row = 0; row < rows_.size(); row++) {
            if (rows_[row][column] == 0) continue;
            indices.push_back((int)row);
            values.push_back(rows_[row][column]);
        }
        starts.push_back((CoinBigIndex)indices.size());
    }
    const std::vector<double> zeros(variables, 0.0);
    const std::vector<double> none(rows_.size(), -std::numeric_limits<double>::infinity());

    const std::unique_ptr<Clp_Simplex, void (*)(Clp_Simplex *)> model(Clp_newModel(),
                                                                      Clp_deleteModel);
    Clp_setLogLevel(model.get(), 0);
    Clp_loadProblem(model.get(), (int)variables, (int)rows_.size(), starts.data(), indices.data(),
                    values.data(), zeros.data(), upper_.data(), objective_.data(), none.data(),
                    limits_.data());
    constexpr double maximise = -1;
    Clp_setOptimizationDirection(model.get(), maximise);
    Clp_primal(model.get(), 0);
    if (!Clp_isProvenOptimal(model.get()))
        throw std::logic_error("a linear program has no optimum: CLP's status is " +
                               std::to_string(Clp_status(model.get())));
    const double *x = Clp_primalColumnSolution(model.get());
    return {Clp_objectiveValue(model.get()), {x, x + variables}};
}

}  // namespace convoy
