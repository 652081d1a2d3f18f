#include "compiler/analyze/analyze.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "compiler/emit/staging.h"
#include "compiler/records_here.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path &file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
}

double peak_macs_per_cycle(const Board &board) {
    return board.fma_per_cycle * board.vector_floats;
}

}  // namespace

double KernelAnalysis::cycles(const Board &board) const {
    return std::max(prediction.cycles, (double)loop.macs / peak_macs_per_cycle(board));
}

double KernelAnalysis::peak_fraction(const Board &board) const {
    return (double)loop.macs / (cycles(board) * peak_macs_per_cycle(board));
}

std::vector<KernelAnalysis> analyze(const std::vector<Analyzed> &models, const Board &board,
                                    const Mca &mca, const AnalyzeOptions &options) {
    const Records records = records_here(board, {options.record_files, options.warn});
    std::vector<KernelAnalysis> list;
    for (UsedKernel &used : used_kernels(models, board, records, options))
        list.push_back({std::move(used), {}, {}});
    std::vector<UsedKernel *> kernels;
    for (KernelAnalysis &analysis : list) kernels.push_back(&analysis);

    const Staging staging(fs::temp_directory_path());
    const std::vector<CompiledKernel> compiled =
        compile_used(kernels, board, records, true, staging.work(), options);
    for (size_t at = 0; at < list.size(); at++) {
        report(options, "predicting loops", (int)at, (int)list.size());
        list[at].loop = inner_loop(read_file(compiled[at].assembly));
        if (list[at].loop.macs > 0)
            list[at].prediction = mca.predict(list[at].loop.instructions, board, staging.work());
    }
    std::erase_if(list, [](const KernelAnalysis &a) { return a.loop.macs == 0; });
    return list;
}

}  // namespace convoy
