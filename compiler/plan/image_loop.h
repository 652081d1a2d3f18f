#pragma once

#include "compiler/graph.h"
#include "generators/kernel.h"

namespace convoy {

// How a network of several images is run: through its first nodes one image after the other, so
// that the activations stay in the caches that hold one image's; through the rest all at once, so
// that weights are read once for all.
struct ImageLoop {
    int images = 1;
    int nodes = 0;  // the graph's first ones: 0 where all images are always together

    bool covers(int node) const { return node < nodes; }
    int calls(int node) const { return covers(node) ? images : 1; }
};

// The loop over as many nodes as can be run image by image: those whose inputs and output have the
// images as their first dimension and do not mix them, up to the first that is not of that kind.
ImageLoop longest_image_loop(const Graph &graph);

// The kernel of a node that such a loop covers, as its body calls it.
Kernel for_one_image(Kernel kernel, int images);

}  // namespace convoy
