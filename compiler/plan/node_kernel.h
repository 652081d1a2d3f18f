#pragma once

#include <optional>

#include "compiler/graph.h"
#include "generators/kernel.h"

// Graph nodes seen as kernels, once layouts are given.

namespace convoy {

// A value as a view without halo: dims (mb, c, h, w), where three are (mb, c, w), missing ones are
// 1 and more than four are folded into w.
View value_view(const Value &value, Layout layout, int vector);

// The same memory as one row per image: what a fully connected layer reads. Whole blocks of padding
// behind the last channel are left out, for not every kernel writes them.
View flat_view(const View &view);

// Up to four dims as a view of nchw, row by row the same memory: the last is the width, the first
// the channels where there are two or three.
View plain_view(const std::vector<int64_t> &dims);

// The first channel of a copy that is a range of the input's channels, in any layout; -1 for other
// copies.
int sliced_channel(const Graph &graph, const Node &node);

// Whether a value is one of the network's inputs and has so few channels that convolutions read it
// best as it lies, in nchw.
bool is_image(const Graph &graph, ValueId value);

// The zero rows and columns that a node reads around its first input, where it reads and writes
// these layouts. A dense convolution of an image has none: its kernel pads what it reads.
Halo halo_needed(const Graph &graph, const Node &node, const Layout &read, const Layout &stored);

// Input `index` of the node is a convolution's weights or bias: read plain and packed at run time.
bool is_packed_input(const Node &node, int index);

// The node as one kernel reading `read` (one a node input) and writing `stored`; halos are added by
// the caller. Concat has no kernel of its own: it is one reorder an input. `vector` is the board's
// vector.
Kernel node_kernel(const Graph &graph, const Node &node, const std::vector<Layout> &read,
                   Layout stored, int vector);

// The reorder that puts input `index` of a concat into the output.
ReorderKernel concat_kernel(const Graph &graph, const Node &node, int index, Layout read,
                            Layout stored, int vector);

// Elementwise operations and pooling read all inputs in the layout they write.
bool keeps_layout(const Node &node);

// Only plain nchw will do for its inputs and output.
bool needs_nchw(const Graph &graph, const Node &node);

}  // namespace convoy
