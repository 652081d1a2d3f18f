#include "schedules/gpu/pixels.h"

namespace convoy::gpu {

PixelTile::PixelTile(const Schedule &s)
    : vector(s.at("vector")),
      tile_oh(s.at("tile_oh")),
      threads_ow(s.at("threads_ow")),
      threads_oh(s.at("threads_oh")),
      threads_c(s.at("threads_c")) {}

std::string wrong_with(const PixelTile &t, const ConvProblem &p, int vectors, int between,
                       const Board &board) {
    const auto within = [](int value, int limit) { return value >= 1 && value <= limit; };
    if (!within(t.threads_ow, p.ow)) return "threads_ow must be 1.." + std::to_string(p.ow);
    if (t.tile_oh < 1 || !within(t.threads_oh, p.oh / t.tile_oh))
        return "threads_oh x tile_oh must be 1.." + std::to_string(p.oh);
    if (!within(t.threads_c, vectors)) return "threads_c must be 1.." + std::to_string(vectors);
    if (t.threads() > board.gpu->threads_per_block)
        return "a block has at most " + std::to_string(board.gpu->threads_per_block) + " threads";
    if (t.vector * t.tile_oh > board.gpu->registers_per_thread / 2)
        return "the tile exceeds the " + std::to_string(board.gpu->registers_per_thread) +
               " registers of a thread";
    if (!block_fits(*board.gpu, t.threads(), t.vector * t.tile_oh))
        return "a block has " + std::to_string(board.gpu->registers_per_unit) + " registers";
    if (int64_t{4} * between * t.pixels() > board.gpu->shared_bytes)
        return "a block has " + std::to_string(board.gpu->shared_bytes) + " bytes of shared memory";
    return "";
}

std::vector<Schedule> pixel_tiles(const char *name, const ConvProblem &p,
                                  const std::vector<int> &vectors, int oc, int between,
                                  const Board &board) {
    std::vector<Schedule> list;
    for (const int vector : vectors) {
        for (const int tile_oh : {1, 2, 4, 7}) {
            for (const int threads_ow : {1, 2, 4, 7, 8, 14, 16, 28, 32}) {
                for (const int threads_oh : {1, 2, 4, 7, 8}) {
                    for (const int threads_c : {1, 2, 4, 8, 16, 32}) {
                        Schedule schedule{name,
                                          {{"vector", vector},
                                           {"tile_oh", tile_oh},
                                           {"threads_ow", threads_ow},
                                           {"threads_oh", threads_oh},
                                           {"threads_c", threads_c}}};
                        const PixelTile t(schedule);
                        if (t.threads() > 512 || t.threads() < 16) continue;
                        if (wrong_with(t, p, (int)ceil_div(oc, vector), between, board).empty())
                            list.push_back(std::move(schedule));
                    }
                }
            }
        }
    }
    return list;
}

}  // namespace convoy::gpu
