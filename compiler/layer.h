#pragma once

#include <filesystem>
#include <optional>

#include "compiler/graph.h"
#include "generators/layer.h"

namespace convoy {

// What a layer's descriptor leaves open.
struct LayerConstants {
    Constant weights;  // (oc, ic/g, kh, kw); null: given at run time, and so is the bias
    Constant bias;     // (oc); null where the layer has none
};

// Reads .npy files; an empty path is none. Throws CompileError naming the file or what is missing.
LayerConstants read_layer_constants(const Layer &layer, const std::filesystem::path &weights,
                                    const std::filesystem::path &bias);

// A model of one node, of inputs "input", then "weights" and "bias" where they are not constants,
// then "addend", and of the output "output".
Graph layer_graph(const Layer &layer, const LayerConstants &constants);

// The layer's own name, or one made of its descriptor.
std::string layer_library_name(const Layer &layer);

// Whether the command's argument names a layer: no such file, and no name of a model file.
bool is_layer_descriptor(const std::filesystem::path &argument);

}  // namespace convoy
