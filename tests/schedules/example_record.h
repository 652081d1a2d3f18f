#pragma once

#include <string>

#include "schedules/tuned_record.h"

namespace convoy {

// A record that compiling for the board avx2 takes.
inline TunedRecord example_record(const std::string &kernel = "conv2d a") {
    TunedRecord r;
    r.kernel = kernel;
    r.board = "avx2";
    r.cpu = "a CPU";
    r.halide = halide_version();
    r.schedule = {"group_lanes", {{"tile_oc", 8}, {"tile_ow", 2}}};
    r.template_version = 1;
    r.time_us = 12.3456789012345;
    r.default_us = 15.5;
    r.predicted_us = 14.5;
    r.measurements = 40;
    r.at = 1'760'000'000;
    return r;
}

}  // namespace convoy
