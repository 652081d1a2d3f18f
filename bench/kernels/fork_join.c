/* What sharing a loop among threads costs, in the libraries' own code: `fork_join THREADS
   [SECONDS]` prints, for each number of threads, the microseconds that a loop of one empty task a
   thread takes. That is a board's `fork_join_us`. Run it on as many processors as there are
   threads. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SCRATCH_BYTES = 0 };

#include "runtime_glue/driver/common.c"

#include "runtime_glue/driver/workers.c"

#include "runtime_glue/driver/parallel.c"

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static int nothing(struct context *context, int index, uint8 *closure) {
    (void)context, (void)index, (void)closure;
    return 0;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of batches. */
static double loop_us(int threads, double seconds) {
    enum { BATCHES = 101 };
    double us[BATCHES];
    for (int batch = 0; batch < BATCHES; batch++) {
        const double start = now_us();
        double end = start;
        int loops = 0;
        for (; end - start < seconds * 1e6 / BATCHES; end = now_us(), loops++) {
            struct context context = {threads, 0, 0, 0};
            halide_do_par_for(&context, nothing, 0, threads, 0);
        }
        us[batch] = (end - start) / loops;
    }
    qsort(us, BATCHES, sizeof us[0], by_value);
    return us[BATCHES / 2];
}

int main(int argc, char **argv) {
    const int most = argc > 1 ? atoi(argv[1]) : 0;
    const double seconds = argc > 2 ? atof(argv[2]) : 1;
    if (most < 1 || most > MAX_THREADS || !(seconds > 0)) {
        fprintf(stderr, "usage: %s THREADS [SECONDS], 1 to %d threads\n", argv[0], MAX_THREADS);
        return 2;
    }
    const double alone = loop_us(1, seconds);
    printf("threads   us\n");
    for (int threads = 2; threads <= most; threads++)
        printf("%7d   %.2f\n", threads, loop_us(threads, seconds) - alone);
    return 0;
}
