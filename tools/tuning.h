#pragma once

#include "compiler/tune/remote_machine.h"
#include "compiler/tune/tune.h"
#include "tools/progress.h"

namespace convoy {

// Machines to tune on, all of one kind; none: this one.
struct Remotes {
    std::vector<std::string> hosts;
    RemoteOptions options;
};

// Empty, or why this machine cannot measure what runs on the board.
std::string why_not_here(const Board &board);

// Tunes while a line says how far it is. The database is the user's where the options name none.
TuneResult tune_with_progress(const std::vector<Analyzed> &models, const Board &board,
                              TuneOptions options, Progress &progress, const Remotes &remotes = {});

// A row a kernel, and what was gained in all.
void print(const TuneResult &result, const std::filesystem::path &store);

}  // namespace convoy
