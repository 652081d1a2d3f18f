#include "tests/library/guarded_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace convoy {

namespace {
constexpr char canary = 0x5a;
}

GuardedBuffer::GuardedBuffer(size_t bytes) : bytes_(bytes) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t inside = (bytes + page - 1) / page * page + page;
    map_bytes_ = inside + 2 * page;
    void *map =
        mmap(nullptr, map_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) throw std::bad_alloc();
    map_ = static_cast<char *>(map);
    if (mprotect(map_ + page, inside, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    std::memset(map_ + page, canary, inside);
    data_ = map_ + page + inside - bytes;
}

GuardedBuffer::GuardedBuffer(GuardedBuffer &&other) noexcept
    : map_(std::exchange(other.map_, nullptr)),
      data_(other.data_),
      map_bytes_(other.map_bytes_),
      bytes_(other.bytes_) {}

GuardedBuffer::~GuardedBuffer() {
    if (map_) munmap(map_, map_bytes_);
}

void GuardedBuffer::fill(float value) {
    std::fill(floats().begin(), floats().end(), value);
}

bool GuardedBuffer::is_intact() const {
    const char *first = map_ + sysconf(_SC_PAGESIZE);
    return std::all_of(first, static_cast<const char *>(data_), [](char c) { return c == canary; });
}

}  // namespace convoy
