/* Calls one kernel: program INPUT OUTPUT. For each argument the input has its floats, the one that
   the kernel gets a pointer to, and the memory; the output receives the last argument's memory. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "HalideRuntime.h"

enum { most_arguments = 6 };

/* What a library's driver gives its kernels: tasks run one after the other. */
int halide_do_par_for(void *context, halide_task_t task, int first, int count, uint8_t *closure) {
    for (int i = first; i < first + count; i++) {
        const int error = task(context, i, closure);
        if (error) return error;
    }
    return 0;
}
void *halide_malloc(void *context, size_t bytes) {
    (void)context;
    return aligned_alloc(64, (bytes + 127) / 64 * 64);
}
void halide_free(void *context, void *memory) {
    (void)context;
    free(memory);
}

/* Arguments that it does not have are ignored. */
int kernel(void *context, halide_buffer_t *, halide_buffer_t *, halide_buffer_t *,
           halide_buffer_t *, halide_buffer_t *, halide_buffer_t *);

int main(int argc, char **argv) {
    static halide_buffer_t buffers[most_arguments];
    if (argc != 3) return 2;
    FILE *const in = fopen(argv[1], "rb"), *const out = fopen(argv[2], "wb");
    if (!in || !out) return 2;
    float *memory = NULL;
    int64_t size[2];
    for (int i = 0; fread(size, sizeof size, 1, in) == 1; i++) {
        if (i == most_arguments) return 3;
        memory = aligned_alloc(64, ((size_t)size[0] * 4 + 127) / 64 * 64);
        if (fread(memory, 4, (size_t)size[0], in) != (size_t)size[0]) return 4;
        buffers[i].host = (uint8_t *)(memory + size[1]);
        if (feof(in)) return 4;
        const int next = fgetc(in);
        if (next == EOF) {
            const int error = kernel(NULL, buffers, buffers + 1, buffers + 2, buffers + 3,
                                     buffers + 4, buffers + 5);
            if (error) return 10;
            fwrite(memory, 4, (size_t)size[0], out);
            return fclose(out) != 0;
        }
        ungetc(next, in);
    }
    return 5;
}
