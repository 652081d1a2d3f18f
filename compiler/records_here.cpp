#include "compiler/records_here.h"

#include "compiler/tune/gpu_name.h"

namespace convoy {

Records records_here(const Board &board, RecordOptions options) {
    if (board.gpu)
        options.cpu = [&]() -> std::string {
            try {
                return gpu_name_here(board);
            } catch (const std::exception &) {  // compiling needs no GPU
                return "";
            }
        };
    return load_records(board, options);
}

}  // namespace convoy
