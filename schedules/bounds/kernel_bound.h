#pragma once

#include <optional>

#include "schedules/bounds/tiling.h"

namespace convoy {

// What a kernel can do least through a cache, and its tile.
struct KernelBound {
    TrafficBound traffic;
    Tiling tiling;
};

// Of a kernel's arrays, the residual among them, each in float32 and without padding channels;
// biases, a float a channel, are left out. Empty for kernels that are no convolution or matrix
// product.
// - A matrix product is a convolution of one tap.
// - SeparableConv2dKernel: the tile is the pointwise convolution's. Its multiply-adds take what the
//   program says, except that the intermediate is made where it is read; the depthwise part adds
//   its input and weights. The paper found no program for the fused kernel (section 4.3). True
//   where nothing of the intermediate is computed twice.
// - TwoLevelConv2dKernel: tile and program of the grouped convolution; the representatives' and the
//   spread's weights are added.
// A kernel by Winograd's or Strassen's algorithm has fewer multiply-adds than the program counts:
// for it the compulsory bytes alone are a bound. Throws as best_tiling does.
std::optional<KernelBound> kernel_bound(const Kernel &kernel, int64_t cache_bytes);

}  // namespace convoy
