#pragma once

#include <vector>

#include "compiler/analyze/layout_report.h"

namespace convoy {

// As tables, or as one JSON document.
void print_layouts(const std::vector<LayoutReport> &reports, const Board &board, bool as_json);

}  // namespace convoy
