#include "compiler/passes/optimize.h"

#include "compiler/passes/fold_channel_shuffle.h"
#include "compiler/passes/fold_reshape.h"
#include "compiler/passes/fold_scale_shift.h"
#include "compiler/passes/fuse_activation.h"
#include "compiler/passes/fuse_residual.h"
#include "compiler/passes/recognize_activation.h"
#include "compiler/passes/recognize_channel_shuffle.h"
#include "compiler/passes/remove_dead_nodes.h"
#include "compiler/passes/sink_transposition.h"

namespace convoy {

namespace {

// What was exported in pieces first, while the pieces are all there. Then what stands between nodes
// that belong together. Constants next: a scale that is folded into a convolution leaves it free
// for what follows.
constexpr Pass table[] = {
    {"recognize_activation", recognize_activation},
    {"recognize_channel_shuffle", recognize_channel_shuffle},
    {"sink_transposition", sink_transposition},
    {"fold_reshape", fold_reshape},
    {"fold_scale_shift", fold_scale_shift},
    {"fuse_activation", fuse_activation},
    {"fuse_residual", fuse_residual},
    {"fold_channel_shuffle", fold_channel_shuffle},
    {"remove_dead_nodes", remove_dead_nodes},
};

}  // namespace

std::span<const Pass> passes() {
    return table;
}

void optimize(Graph &graph) {
    for (bool is_changed = true; is_changed;) {
        is_changed = false;
        for (const Pass &pass : table) {
            is_changed = pass.run(graph) || is_changed;
            check(graph);
        }
    }
}

}  // namespace convoy
