/* Runs the library `net` with fake_cuda.c: on the library's own stream, twice on another, and on
   its own again. Prints for each the code, the contexts that it has left pushed, and how often
   streams have waited so far. */

#include <stdio.h>
#include <stdlib.h>

#include "net.h"

extern int contexts, waits;

int main(void) {
    static float input[64], output[10];
    static char other_stream;
    const float *const inputs[] = {input};
    float *const outputs[] = {output};
    void *const arena = aligned_alloc(64, (net_arena_bytes() + 63) / 64 * 64);
    for (int i = 0; i < 4; i++) {
        const int code = i == 0 || i == 3 ? net_run(inputs, outputs, arena, 1)
                                          : net_run_device(inputs, outputs, &other_stream);
        printf("%d %d %d\n", code, contexts, waits);
    }
    free(arena);
    return 0;
}
