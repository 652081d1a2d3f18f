// A compiled library allocates nothing: every allocator of this program counts its calls.

#include <digits.h>
#include <wrn40_2_G8.h>
#include <wrn_of_three_images.h>

#include <atomic>
#include <cerrno>
#include <convoy/model.hpp>
#include <cstdio>
#include <vector>

// glibc's own allocators, under names that are not replaced.
extern "C" void *__libc_malloc(size_t);
extern "C" void *__libc_calloc(size_t, size_t);
extern "C" void *__libc_realloc(void *, size_t);
extern "C" void *__libc_memalign(size_t, size_t);
extern "C" void __libc_free(void *);

namespace {
std::atomic<int> calls{0};
}

// operator new comes down to these.
extern "C" void *malloc(size_t size) {
    calls++;
    return __libc_malloc(size);
}
extern "C" void *calloc(size_t count, size_t size) {
    calls++;
    return __libc_calloc(count, size);
}
extern "C" void *realloc(void *memory, size_t size) {
    calls++;
    return __libc_realloc(memory, size);
}
extern "C" void *aligned_alloc(size_t alignment, size_t size) {
    calls++;
    return __libc_memalign(alignment, size);
}
extern "C" void *memalign(size_t alignment, size_t size) {
    calls++;
    return __libc_memalign(alignment, size);
}
extern "C" int posix_memalign(void **memory, size_t alignment, size_t size) {
    calls++;
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}
extern "C" void free(void *memory) {
    calls++;
    __libc_free(memory);
}

namespace {

// Calls the tasks one after another, the last first.
void call_backwards(void *, void (*task)(void *, int), void *closure, int count) {
    while (count-- > 0) task(closure, count);
}

template<typename Net>
int calls_of_runs(int threads, bool is_warm, convoy::ParallelFor parallel_for = nullptr) {
    std::vector<float> input(Net::input_floats[0], 0.5f), output(Net::output_floats[0]);
    convoy::Model<Net> net;
    net.set_threads(threads);
    net.set_pool(parallel_for, nullptr);
    if (is_warm) net.run(input, output);
    const int before = calls;
    for (int round = 0; round < 10; round++) net.run(input, output);
    return calls - before;
}

}  // namespace

int main() {
    const int before = calls;
    int *volatile const kept = new int(1);  // volatile: or it is optimised away
    delete kept;
    if (calls != before + 2) {
        std::puts("the counters do not see operator new");
        return 1;
    }
    struct {
        const char *what;
        int calls;
    } const found[] = {
        {"digits, one thread, from the first call on", calls_of_runs<digits>(1, false)},
        {"wrn40_2_G8, one thread, from the first call on", calls_of_runs<wrn40_2_G8>(1, false)},
        {"wrn40_2_G8, two threads, after the first call", calls_of_runs<wrn40_2_G8>(2, true)},
        {"wrn40_2_G8, a pool of the caller's, from the first call on",
         calls_of_runs<wrn40_2_G8>(3, false, call_backwards)},
        {"three images, one thread, from the first call on",
         calls_of_runs<wrn_of_three_images>(1, false)},
        {"three images, three threads, after the first call",
         calls_of_runs<wrn_of_three_images>(3, true)},
    };
    int failures = 0;
    for (const auto &f : found) {
        if (f.calls == 0) continue;
        std::printf("%s: %d calls of allocators, expected none\n", f.what, f.calls);
        failures++;
    }
    return failures;
}
