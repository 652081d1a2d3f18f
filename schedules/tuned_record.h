#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "schedules/schedule.h"

namespace convoy {

struct RecordError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The best schedule that was measured for a kernel, and where: what tuning leaves.
struct TunedRecord {
    std::string kernel;  // the text of to_string(Kernel): shape, layouts, epilogue
    int threads = 1;
    std::string board, cpu, halide;  // cpu: cpu_model(); halide: halide_version()
    Schedule schedule;
    int template_version = 0;
    double time_us = 0;       // one call
    double default_us = 0;    // the untuned default's, measured in the same run; 0: not known
    double predicted_us = 0;  // what the model took the default's to be; 0: not known
    int measurements = 0;     // how many schedules were measured to find it
    int64_t at = 0;           // when, in seconds since 1970

    bool operator==(const TunedRecord &) const = default;
};

// What there is one record of.
inline auto key(const TunedRecord &r) {
    return std::tie(r.kernel, r.threads, r.board, r.cpu, r.halide);
}

// Empty, or the JSON key of a record that holds what none can, what was found and what expected.
std::string problem_of(const TunedRecord &record);

// Of two records of one key, whether the first is to be kept: one of a template and version that
// this Convoy has, then the newer version of one template, then the faster.
bool beats(const TunedRecord &a, const TunedRecord &b);

// All records of both, of each key the one that beats the other.
std::vector<TunedRecord> merge_records(std::vector<TunedRecord> records,
                                       const std::vector<TunedRecord> &others);

// Of the Halide that this is built with, "21.0.0".
std::string halide_version();

}  // namespace convoy
