#include "targets/board.h"

#include <algorithm>

#include "targets/data_folder.h"

namespace convoy {

namespace fs = std::filesystem;

fs::path boards_folder() {
    return data_folder("CONVOY_BOARDS", "boards", "targets/boards");
}

std::vector<std::string> board_names() {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto &entry : fs::directory_iterator(boards_folder(), error)) {
        if (entry.path().extension() == ".json") names.push_back(entry.path().stem());
    }
    if (error) throw BoardError(boards_folder().string() + ": cannot be read: " + error.message());
    std::sort(names.begin(), names.end());
    names.insert(names.begin(), "host");
    return names;
}

Board load_board(const std::string &name) {
    if (name == "host") return detect_host();
    if (name.ends_with(".json")) return read_board(name);
    const std::vector<std::string> names = board_names();
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        std::string known;
        for (const std::string &n : names) known += (known.empty() ? "" : ", ") + n;
        throw BoardError("unknown board '" + name + "', expected one of " + known +
                         ", or a file of one, as ./my-board.json");
    }
    return read_board(boards_folder() / (name + ".json"));
}

}  // namespace convoy
