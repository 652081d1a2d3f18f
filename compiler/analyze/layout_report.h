#pragma once

#include <string>
#include <vector>

#include "compiler/analyze/used_kernels.h"

namespace convoy {

// Why a model's values are stored as they are, and what that saves, by the model and the records
// alone. All cycles are those of the whole network.
struct LayoutReport {
    // A value, and the layout that would cost least if it were not stored in this one.
    struct Choice {
        std::string value;
        Layout stored;
        Layout other;
        double more_cycles;
    };
    // A value that is read in another layout than it is stored in.
    struct Reorder {
        std::string value;
        Layout stored, read;
        double cycles;
    };
    // All values stored by a simpler rule.
    struct Rule {
        std::string name;
        double cycles;
    };

    std::string model;
    double cycles = 0;
    std::vector<Rule> rules;
    std::vector<Choice> choices;  // of values with more than one legal layout, in graph order
    std::vector<Reorder> reorders;
};

// One a model. Throws what reading does, BoardError, RecordError, Interrupted.
std::vector<LayoutReport> report_layouts(const std::vector<Analyzed> &models, const Board &board,
                                         const AnalyzeOptions &options);

}  // namespace convoy
