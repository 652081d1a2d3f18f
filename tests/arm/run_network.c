/* Runs a compiled network named `net` once: program THREADS INPUT OUTPUT. The files hold the floats
   of all inputs, and of all outputs, one after the other. Prints the board whose code runs; the
   exit code is 10 and more for the library's error codes. */

#include <stdio.h>
#include <stdlib.h>

#include "net.h"

static size_t floats(int (*shape)(int, int64_t *, int *), int i) {
    int64_t dims[8];
    int rank;
    size_t count = 1;
    if (shape(i, dims, &rank) != 0) exit(2);
    for (int d = 0; d < rank; d++) count *= (size_t)dims[d];
    return count;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    const float *inputs[8];
    float *outputs[8];
    FILE *const in = fopen(argv[2], "rb"), *const out = fopen(argv[3], "wb");
    if (!in || !out) return 2;
    for (int i = 0; i < net_input_count(); i++) {
        const size_t count = floats(net_input_shape, i);
        float *const data = malloc(4 * count);
        if (fread(data, 4, count, in) != count) return 2;
        inputs[i] = data;
    }
    for (int i = 0; i < net_output_count(); i++)
        outputs[i] = malloc(4 * floats(net_output_shape, i));
    void *const arena = aligned_alloc(64, (net_arena_bytes() + 63) / 64 * 64 + 64);
    printf("%s\n", net_board());
    const int error = net_run(inputs, outputs, arena, atoi(argv[1]));
    if (error) {
        fprintf(stderr, "%s\n", net_error_text(error));
        return 10 + error;
    }
    for (int i = 0; i < net_output_count(); i++)
        fwrite(outputs[i], 4, floats(net_output_shape, i), out);
    return fclose(out) != 0;
}
