// Prints what one core reaches: "peak GFLOP/s", then "read BYTES GB/s" and "copy BYTES GB/s" for
// working sets from 16 KiB to 128 MiB. Each number is the best of many short repetitions.

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef float Vector __attribute__((vector_size(VECTOR_BYTES)));

enum {
    lanes = VECTOR_BYTES / sizeof(float),
    chains = 12,  // independent multiply-adds: at least latency x units, and they fit 16 registers
    peak_steps = 20000,
    least_bytes = 16 << 10,
    most_bytes = 128 << 20,
};

static volatile float sink;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void keep(const Vector *values, int count) {
    Vector sum = values[0];
    for (int i = 1; i < count; i++) sum += values[i];
    sink = sum[0];
}

static void multiply_add(void) {
    Vector sums[chains];
    Vector factor, term;
    for (int i = 0; i < lanes; i++) factor[i] = 0.5f + sink, term[i] = 1.0f + sink;
    for (int i = 0; i < chains; i++) sums[i] = term * (float)i;  // equal chains become one
    for (int step = 0; step < peak_steps; step++) {
        for (int i = 0; i < chains; i++) sums[i] = sums[i] * factor + term;
    }
    keep(sums, chains);
}

static void read_all(const Vector *from, size_t count) {
    Vector sums[8] = {0};
    for (size_t i = 0; i < count; i += 8) {
        for (int j = 0; j < 8; j++) sums[j] += from[i + j];
    }
    keep(sums, 8);
}

// Not a plain copy, which a compiler would hand to memcpy.
static void add_all(Vector *to, const Vector *from, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = from[i] + 1.0f;
}

int main(void) {
    double best = 1e9;
    for (double end = seconds() + 0.3; seconds() < end;) {
        const double start = seconds();
        multiply_add();
        const double took = seconds() - start;
        if (took < best) best = took;
    }
    printf("peak %.2f\n", 2e-9 * lanes * chains * peak_steps / best);

    Vector *memory = aligned_alloc(4096, most_bytes);
    if (!memory) return 1;
    for (size_t i = 0; i < most_bytes / sizeof(Vector); i++) memory[i] = (Vector){0};
    for (int copies = 0; copies < 2; copies++) {
        for (size_t bytes = least_bytes; bytes <= most_bytes; bytes *= 2) {
            const size_t count = bytes / sizeof(Vector);
            const size_t times = 1 + (size_t)(1 << 20) / bytes;
            best = 1e9;
            for (double end = seconds() + 0.06; seconds() < end;) {
                const double start = seconds();
                for (size_t i = 0; i < times; i++) {
                    if (copies) add_all(memory, memory + count / 2, count / 2);
                    if (!copies) read_all(memory, count);
                }
                const double took = (seconds() - start) / (double)times;
                if (took < best) best = took;
            }
            printf("%s %zu %.2f\n", copies ? "copy" : "read", bytes, 1e-9 * (double)bytes / best);
        }
    }
    free(memory);
    return 0;
}
