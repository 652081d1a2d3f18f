#include "tests/kernels/tested_boards.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "targets/board.h"

namespace convoy {

std::vector<std::string> tested_boards() {
    if (const char *set = std::getenv("CONVOY_TEST_BOARD")) return {set};
    const std::vector<std::string> features = host_cpu_features();
    const auto runs = [&](const Board &board) {
        return std::all_of(
            board.cpu_features.begin(), board.cpu_features.end(), [&](const std::string &needed) {
                return std::find(features.begin(), features.end(), needed) != features.end();
            });
    };
    std::map<int, Board> of_length;
    for (const std::string &name : board_names()) {
        if (name == "host") continue;
        const Board board = load_board(name);
        if (board.family != "x86" || !runs(board)) continue;
        Board &best = of_length[board.vector_floats];
        if (best.name.empty() || board.cpu_features.size() > best.cpu_features.size()) best = board;
    }
    std::vector<std::string> names;
    for (const auto &[length, board] : of_length) names.push_back(board.name);
    return names;
}

}  // namespace convoy
