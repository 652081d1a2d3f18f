/* Measures compiled networks; cases.h, which on_board/program.py writes, has the table of them.
   Prints one JSON object. program SECONDS THREADS LIMIT [CPU,CPU...]: seconds of each case, of the
   whole. */

#define _GNU_SOURCE
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "cases.h"

enum { CASES = sizeof cases / sizeof cases[0], MIN_SAMPLES = 10, MAX_SAMPLES = 1 << 17 };
static const double burst_us = 2000, tolerance = 1e-3;

static struct result {
    char *arena;
    float *outputs[MAX_OUTPUTS];
    double error; /* the largest, relative to an output's largest magnitude */
    const char *failure;
    double min_us, *samples_us;
    long count;
} results[CASES];

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec * 1e-3;
}

static void *allocate(size_t bytes) {
    void *memory = aligned_alloc(64, (bytes + 127) / 64 * 64);
    if (!memory) {
        fprintf(stderr, "no memory for %zu bytes\n", bytes);
        exit(1);
    }
    return memory;
}

static void run(int i, int threads) {
    const struct bench_case *c = &cases[i];
    const int error = c->run(c->inputs, results[i].outputs, results[i].arena, threads);
    if (error) results[i].failure = c->error_text(error);
}

/* Runs once into outputs that were NaN, and compares. */
static void check(int i, int threads) {
    const struct bench_case *c = &cases[i];
    struct result *r = &results[i];
    for (int o = 0; o < c->outputs; o++) memset(r->outputs[o], 0xff, 4 * c->output_floats[o]);
    run(i, threads);
    if (r->failure) return;
    for (int o = 0; o < c->outputs; o++) {
        double largest = 0, difference = 0;
        for (size_t k = 0; k < c->output_floats[o]; k++) {
            const double expected = c->expected[o][k], found = r->outputs[o][k];
            if (!isfinite(found)) {
                r->failure = "an output is not finite";
                return;
            }
            largest = fmax(largest, fabs(expected));
            difference = fmax(difference, fabs(found - expected));
        }
        r->error = fmax(r->error, largest > 0 ? difference / largest : difference);
    }
    if (r->error > tolerance) r->failure = "wrong outputs";
}

/* Of very many samples the last ones stay. */
static void add_sample(struct result *r, double us) {
    r->samples_us[r->count++ % MAX_SAMPLES] = us;
    if (us < r->min_us) r->min_us = us;
}

/* The cases take turns, so that a change of the clock or the load meets all of them. */
static void measure(double seconds, int threads) {
    int working = 0, is_enough = 0;
    for (int i = 0; i < CASES; i++) working += !results[i].failure;
    const double end = now_us() + seconds * 1e6 * working;
    while (working && !is_enough) {
        is_enough = now_us() >= end;
        for (int i = 0; i < CASES; i++) {
            struct result *r = &results[i];
            if (r->failure) continue;
            run(i, threads); /* the other cases have taken the caches */
            const double start = now_us();
            double before = start;
            do {
                run(i, threads);
                const double after = now_us();
                add_sample(r, after - before);
                before = after;
            } while (before - start < burst_us);
            if (r->count < MIN_SAMPLES) is_enough = 0;
        }
    }
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* What can stand in JSON as it is, of the first line of a file, after `key` and a colon where there
   is a key. */
static void print_text(const char *name, const char *file, const char *key) {
    char line[512] = "";
    const char *text = line;
    FILE *stream = fopen(file, "r");
    while (stream && fgets(line, sizeof line, stream)) {
        if (!key) break;
        const char *colon = strchr(line, ':');
        if (colon && !strncmp(line, key, strlen(key))) {
            text = colon + 1;
            break;
        }
        line[0] = 0;
    }
    if (stream) fclose(stream);
    while (*text == ' ') text++;
    printf(",\n \"%s\": \"", name);
    for (; *text; text++) {
        if (*text >= ' ' && *text < 127 && *text != '"' && *text != '\\') putchar(*text);
    }
    printf("\"");
}

static void print_machine(void) {
    struct utsname u;
    uname(&u);
    printf(" \"system\": \"%s %s %s\"", u.sysname, u.release, u.machine);
    print_text("model", "/proc/device-tree/model", 0);
    print_text("cpu", "/proc/cpuinfo", "model name");
    print_text("cpu_part", "/proc/cpuinfo", "CPU part");
    print_text("governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", 0);
    print_text("khz", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", 0);
    print_text("largest_khz", "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", 0);
    printf(",\n \"processors\": %ld", sysconf(_SC_NPROCESSORS_ONLN));
}

static void print_results(void) {
    printf(",\n \"cases\": [");
    for (int i = 0; i < CASES; i++) {
        struct result *r = &results[i];
        printf("%s\n  {\"name\": \"%s\", \"board\": \"%s\", \"error\": %.3g", i ? "," : "",
               cases[i].name, cases[i].board(), r->error);
        if (r->failure) printf(", \"failure\": \"%s\"", r->failure);
        if (!r->failure && r->count > 0) {
            const int kept = r->count < MAX_SAMPLES ? (int)r->count : MAX_SAMPLES;
            qsort(r->samples_us, kept, sizeof(double), by_size);
            printf(", \"runs\": %ld, \"min_us\": %.3f, \"median_us\": %.3f", r->count, r->min_us,
                   r->samples_us[kept / 2]);
        }
        printf("}");
    }
    printf("\n ]}\n");
}

/* Pins this thread, and those that it starts, to a list of processors. */
static void pin(char *list) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (char *word = strtok(list, ","); word; word = strtok(0, ",")) CPU_SET(atoi(word), &set);
    if (sched_setaffinity(0, sizeof set, &set)) {
        perror("the processors to pin to");
        exit(1);
    }
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    const double seconds = atof(argv[1]);
    const int threads = atoi(argv[2]);
    alarm(atoi(argv[3])); /* whatever happens, it ends */
    if (argc > 4) pin(argv[4]);
    for (int i = 0; i < CASES; i++) {
        results[i].arena = allocate(cases[i].arena_bytes());
        results[i].samples_us = allocate(MAX_SAMPLES * sizeof(double));
        results[i].min_us = INFINITY;
        for (int o = 0; o < cases[i].outputs; o++)
            results[i].outputs[o] = allocate(4 * cases[i].output_floats[o]);
        check(i, threads);
    }
    measure(seconds, threads);
    for (int i = 0; i < CASES; i++) {
        if (!results[i].failure) check(i, threads);
    }
    printf("{\"format\": \"convoy-on-board-1\",\n");
    print_machine();
    print_results();
    return fflush(stdout) != 0;
}
