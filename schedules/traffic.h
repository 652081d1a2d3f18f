#pragma once

#include <cstdint>
#include <vector>

namespace convoy {

// What a kernel's loops read or write of one array, of one call.
struct Stream {
    const char *array;
    double bytes;      // each use counted
    double footprint;  // bytes touched between two uses: a cache with room for them serves the next
    double first_bytes = 0;  // of `bytes`: each element's first use
    bool is_timed = true;    // the template's prediction counts it
};

// An array that is used once.
inline Stream once(const char *array, double bytes, double footprint, bool is_timed = true) {
    return {array, bytes, footprint, bytes, is_timed};
}

// What a schedule moves, as its template's prediction has it.
struct Traffic {
    std::vector<Stream> streams;
    double register_bytes = 0;  // that loads and stores move; 0: not modelled
};

// A cache is taken to hold what is used again where this share of it has room for that.
constexpr double usable_share = 0.75;

// Bytes that pass into a cache and out of it towards memory, where nothing is in any cache before
// the call.
inline double bytes_through(const Traffic &traffic, int64_t cache_bytes) {
    double bytes = 0;
    for (const Stream &s : traffic.streams)
        bytes += s.footprint <= usable_share * (double)cache_bytes ? s.first_bytes : s.bytes;
    return bytes;
}

}  // namespace convoy
