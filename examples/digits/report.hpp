// Writes what the program found, for people and for compare.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <stdexcept>
#include <vector>

#include "timing.hpp"

namespace example {

inline std::ofstream create_file(const std::filesystem::path &path) {
    std::ofstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error(path.string() + ": found no way to create it, expected a folder " +
                                 "that exists and can be written to");
    }
    return file;
}

inline void close_file(std::ofstream &file, const std::filesystem::path &path) {
    file.close();
    if (!file) {
        throw std::runtime_error(path.string() + ": found an error while writing, expected none");
    }
}

// The logits as they are: N x 10 float32.
inline void write_logits(const std::filesystem::path &path, const std::vector<float> &logits) {
    std::ofstream file = create_file(path);
    file.write(reinterpret_cast<const char *>(logits.data()),
               static_cast<std::streamsize>(logits.size() * sizeof(float)));
    close_file(file, path);
}

// One predicted digit per line.
inline void write_predictions(const std::filesystem::path &path,
                              const std::vector<std::uint8_t> &predictions) {
    std::ofstream file = create_file(path);
    for (const std::uint8_t digit : predictions) {
        file << static_cast<int>(digit) << '\n';
    }
    close_file(file, path);
}

inline void write_timing(const std::filesystem::path &path, std::size_t images,
                         const Timing &timing) {
    std::ofstream file = create_file(path);
    file << "{\"images\": " << images << ", \"rounds\": " << kRounds
         << ", \"median_us\": " << timing.median_us << ", \"minimum_us\": " << timing.minimum_us
         << "}\n";
    close_file(file, path);
}

}  // namespace example
