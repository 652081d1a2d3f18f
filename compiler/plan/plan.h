#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/graph.h"
#include "generators/kernel.h"
#include "generators/pack.h"

// What a library does at run time: tensors in one arena and a list of kernel calls on them.

namespace convoy {

struct PlanTensor {
    enum class Place { arena, input, output, constant };

    std::string name;
    View view;
    Place place = Place::arena;
    int index = 0;             // of the graph's input or output
    int64_t offset_bytes = 0;  // in the arena, or among the constants
    Constant data;             // of a constant as it lies in memory, until it is packed
    int first_step = 0, last_step = 0;

    bool needs_halo_zeroed() const { return place == Place::arena && view.halo != Halo{}; }
    int64_t bytes() const { return view.floats() * 4; }
};

// A kernel's activation argument: the float of the tensor that the argument's buffer starts at.
struct Operand {
    int tensor = 0;
    int64_t offset_floats = 0;
};

// Weights or a bias that are not known before run time.
struct RuntimeConstant {
    int tensor = 0;    // as the graph has them: dense
    Operand packed{};  // as the kernel reads them: plan_packing() sets it
};

struct PlanStep {
    std::string name;  // the graph node's, or what a reorder is for
    Kernel kernel;
    Operand input, output;
    std::vector<Operand> addend;  // the kernel's second input: none or one
    int node = -1;                // into Graph::nodes; -1: a reorder's
    // Constants as the graph has them; they are packed once the kernel's schedule is known.
    // Convolutions: weights (oc, ic/g, kh, kw) and bias (oc), fused ones their parts' one after
    // another as in generators/pack_fused.h. Elementwise: scale and shift (c).
    // Resampling: weights and indices (extent, taps).
    Constant weights, bias;
    // Take the place of the constants that are null, in the order of `packing`.
    std::optional<RuntimeConstant> runtime_weights, runtime_bias;
    std::shared_ptr<const PackingOrder> packing;
    int64_t constant_bytes = 0;  // of weights and bias as packed, once they are
    int kernel_index = 0;        // into Plan::kernels
    // Measured on these weights, or on random ones where they are not known, relative to the
    // largest output, where the schedule is not exact.
    double relative_error = 0;
};

struct Plan {
    std::vector<PlanTensor> tensors;
    std::vector<PlanStep> steps;
    std::vector<Kernel> kernels;  // distinct ones, shared by equal layers
    // The first steps are run for one of the images after the other, the rest for all at once.
    // Of tensors that hold all images, the first steps take the image whose turn it is.
    int images = 1, looped_steps = 0;
    // So many threads can each take an image through the first steps, each in a lane of its own for
    // what only these steps read: the first lane is the arena, the others have lane_bytes behind
    // it.
    int lanes = 1;
    int64_t lane_bytes = 0;
    int64_t arena_bytes = 0;
    // Of the outputs, relative to their root mean square, by schedules that are not exact: an
    // estimate.
    double relative_error = 0;
    int64_t largest_live_bytes = 0;  // the most that is live at one step: no plan can need less
    // Weights are packed by a function of their own, once, into this input: -1 where each run packs
    // what it needs.
    int packed_input = -1;
    int64_t packed_floats = 0;

    bool is_looped(int step) const { return step < looped_steps; }
    int calls(int step) const { return is_looped(step) ? images : 1; }
    // Looped steps leave all images in it, or find them there.
    bool holds_loop_images(const PlanTensor &tensor) const {
        return is_looped(tensor.first_step) && image_stride_floats(tensor) > 0;
    }
    bool is_in_lane(const PlanTensor &tensor) const {
        return tensor.place == PlanTensor::Place::arena && is_looped(tensor.first_step) &&
               image_stride_floats(tensor) == 0;
    }
    // From one image to the next, of what a looped step reads or writes.
    int64_t image_stride_floats(const PlanTensor &tensor) const {
        return images > 1 && tensor.view.mb == images ? tensor.view.image_stride() : 0;
    }
};

}  // namespace convoy
