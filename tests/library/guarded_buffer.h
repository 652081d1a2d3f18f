#pragma once

#include <cstddef>
#include <span>

namespace convoy {

// Memory between two pages that nobody may touch: it ends exactly where the second begins, so that
// one byte read or written beyond it ends the process; the bytes before it show what was written
// there.
class GuardedBuffer {
public:
    explicit GuardedBuffer(size_t bytes);
    ~GuardedBuffer();
    GuardedBuffer(GuardedBuffer &&other) noexcept;
    GuardedBuffer &operator=(GuardedBuffer &&) = delete;

    char *data() { return data_; }
    std::span<float> floats() { return {reinterpret_cast<float *>(data_), bytes_ / sizeof(float)}; }
    void fill(float value);

    // No byte before the memory has changed.
    bool is_intact() const;

private:
    char *map_ = nullptr, *data_ = nullptr;
    size_t map_bytes_ = 0, bytes_ = 0;
};

}  // namespace convoy
