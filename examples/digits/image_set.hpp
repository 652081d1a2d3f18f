// Reads the images and labels that export_images.py writes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace example {

constexpr std::size_t kPixels = 8 * 8;
constexpr std::size_t kClasses = 10;

static_assert(std::endian::native == std::endian::little, "images.f32 is little-endian");

struct ImageSet {
    std::vector<float> pixels;
    std::vector<std::uint8_t> labels;

    std::size_t size() const { return labels.size(); }
    std::span<const float> image(std::size_t i) const {
        return std::span(pixels).subspan(i * kPixels, kPixels);
    }
};

// Opens a file for reading and returns its size in bytes with it.
inline std::ifstream open_file(const std::filesystem::path &path, const std::string &expected,
                               std::size_t *bytes) {
    if (!std::filesystem::is_regular_file(path)) {
        throw std::runtime_error(path.string() + ": found no such file, expected " + expected);
    }
    *bytes = std::filesystem::file_size(path);
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error(path.string() + ": found a file that cannot be opened, expected " +
                                 expected);
    }
    return file;
}

// Reads exactly `bytes` bytes, which the file has been seen to hold.
inline void read_bytes(std::ifstream &file, const std::filesystem::path &path, void *to,
                       std::size_t bytes) {
    file.read(static_cast<char *>(to), static_cast<std::streamsize>(bytes));
    if (static_cast<std::size_t>(file.gcount()) != bytes) {
        throw std::runtime_error(path.string() + ": found " + std::to_string(file.gcount()) +
                                 " bytes, expected " + std::to_string(bytes));
    }
}

// One byte for each image: the digit it shows.
inline std::vector<std::uint8_t> read_labels(const std::filesystem::path &path) {
    std::size_t bytes = 0;
    std::ifstream file = open_file(path, "one byte for each image", &bytes);
    if (bytes == 0) {
        throw std::runtime_error(path.string() + ": found 0 bytes, expected one for each image");
    }
    std::vector<std::uint8_t> labels(bytes);
    read_bytes(file, path, labels.data(), bytes);
    for (std::size_t i = 0; i < bytes; ++i) {
        if (labels[i] >= kClasses) {
            throw std::runtime_error(path.string() + ": found label " + std::to_string(labels[i]) +
                                     " for image " + std::to_string(i) + ", expected 0 to " +
                                     std::to_string(kClasses - 1));
        }
    }
    return labels;
}

// `count` images of 8 x 8 float32 pixels.
inline std::vector<float> read_pixels(const std::filesystem::path &path, std::size_t count) {
    const std::size_t expected = count * kPixels * sizeof(float);
    const std::string explained = std::to_string(expected) + " bytes (" + std::to_string(count) +
                                  " labels, " + std::to_string(kPixels * sizeof(float)) +
                                  " bytes for each image)";
    std::size_t bytes = 0;
    std::ifstream file = open_file(path, explained, &bytes);
    if (bytes != expected) {
        throw std::runtime_error(path.string() + ": found " + std::to_string(bytes) +
                                 " bytes, expected " + explained);
    }
    std::vector<float> pixels(count * kPixels);
    read_bytes(file, path, pixels.data(), bytes);
    return pixels;
}

inline ImageSet read_image_set(const std::filesystem::path &directory) {
    ImageSet set;
    set.labels = read_labels(directory / "labels.u8");
    set.pixels = read_pixels(directory / "images.f32", set.labels.size());
    return set;
}

}  // namespace example
