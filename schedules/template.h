#pragma once

#include <span>
#include <string>
#include <vector>

#include "Halide.h"

#include "generators/pack.h"
#include "schedules/schedule.h"
#include "schedules/traffic.h"

namespace convoy {

// A generated and scheduled kernel, ready for Halide to compile. Arguments in the order of the
// kernel's call: input, then weights and bias (or scale and shift), then the residual or addend;
// the output comes last.
struct ScheduledKernel {
    Halide::Func output;
    std::vector<Halide::Argument> arguments;
};

// The loops of a kernel whose tasks threads share, one loop after another.
struct ParallelLoops {
    double tasks = 0;  // of each; 0: not known, enough for any number of threads
    double count = 1;
};

// One way to compute kernels of some kind, with its parameter space. A target family is a table of
// these.
struct Template {
    const char *name;
    int version;  // raised when the same parameters come to mean other code: older records are then
                  // ignored
    bool (*accepts)(const Kernel &kernel, const Board &board);
    // Points of the parameter space, all legal.
    std::vector<Schedule> (*candidates)(const Kernel &kernel, const Board &board, Span span);
    // Empty when the schedule may be compiled for the kernel, else what is wrong with it.
    std::string (*illegal)(const Kernel &kernel, const Schedule &schedule, const Board &board);
    // Predicted time of one call, in core cycles.
    double (*cycles)(const Kernel &kernel, const Schedule &schedule, const Board &board);
    ScheduledKernel (*build)(const Kernel &kernel, const Schedule &schedule, const Board &board);
    // Sums the products that the kernel's definition names, so that only their order may differ.
    bool is_exact = true;
    // What the prediction takes to be read and written; null: it is not modelled.
    Traffic (*traffic)(const Kernel &kernel, const Schedule &schedule,
                       const Board &board) = nullptr;
    // Null: one loop of tasks enough.
    ParallelLoops (*parallel)(const Kernel &kernel, const Schedule &schedule,
                              const Board &board) = nullptr;
};

inline ParallelLoops parallel_loops(const Template &t, const Kernel &kernel,
                                    const Schedule &schedule, const Board &board) {
    return t.parallel ? t.parallel(kernel, schedule, board) : ParallelLoops{};
}

// The templates of a board's family, its own first and the reference one, legal for every kernel,
// last.
std::vector<const Template *> templates_for(const Board &board);

// The template a schedule names. Throws std::invalid_argument when the family has no such template.
const Template &template_of(const Schedule &schedule, const Board &board);

// Those of every family.
std::vector<const Template *> all_templates();

// Whether a template of any family has this name and version.
bool is_template(const std::string &name, int version);

std::span<const Template> reference_templates();
std::span<const Template> cpu_templates();  // what x86 has, and arm64 has in common with it
std::span<const Template> arm_templates();
std::span<const Template> gpu_templates();
std::span<const Template> gpu_reference_templates();

// Kernels that compute on nchw alone, and whether this one's input and output are.
bool is_plain(const Kernel &kernel);
bool has_plain_layouts(const Kernel &kernel);

// How a schedule wants the weights of a convolution packed.
Packing packing_of(const Conv2dKernel &kernel, const Schedule &schedule);

}  // namespace convoy
