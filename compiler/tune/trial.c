/* Runs candidates of one kernel, each with its operands of a file. Two uses:

   trial FILE EXPECTED expect THREADS LIMIT CANDIDATE
       runs it once and writes its output to EXPECTED.
   trial FILE EXPECTED time THREADS LIMIT SECONDS CANDIDATE...
       compares the output of each with EXPECTED and prints "right N" or "wrong N: why"; then times
       those that are right, in turns, and prints "time N" and the microseconds of a call in each
       turn. The last candidate is the one that the others are held against.

   LIMIT: seconds after which it ends, whatever happens. */

#define _GNU_SOURCE
#include "trial.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { GUARD = 64, MOST_COPIES = 16, MOST_CANDIDATES = 64, MOST_TURNS = 400, LEAST_TURNS = 5 };
enum { MOST_BURST = 1024, UNWRITTEN = 0x7fc0beef };
/* A candidate that is so much slower than the last one after some turns is not worth more. */
static const double hopeless = 1.25;
static const int turns_of_hope = 4;
static const double turn_us = 150;

static const char *operands_file;
static void *scratch;
static float
    *here; /* room for an operand with its guards, on its way to where kernels run or back */

static void fail(const char *what, const char *name) {
    fprintf(stderr, "%s: %s\n", name, what);
    exit(3);
}

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec * 1e-3;
}

static float *allocate(size_t floats) {
    void *memory = aligned_alloc(64, (4 * floats + 127) / 64 * 64);
    if (!memory) fail("no memory", operands_file);
    return memory;
}

static size_t floats_of_largest_operand(void) {
    long largest = 0;
    for (int i = 0; i < trial_candidate_count; i++) {
        const struct trial_candidate *c = &trial_candidates[i];
        for (int o = 0; o < c->operand_count; o++)
            largest = c->operands[o].floats > largest ? c->operands[o].floats : largest;
    }
    return (size_t)largest;
}

static void read_floats(float *to, const char *file, long at, long floats) {
    FILE *stream = fopen(file, "rb");
    if (!stream || fseek(stream, at * 4, SEEK_SET) ||
        fread(to, 4, (size_t)floats, stream) != (size_t)floats)
        fail("is cut short", file);
    fclose(stream);
}

/* A candidate with memory for all operands. Constants have copies that calls take in turns: in a
   network, other layers' weights come between two uses. */
static struct running {
    void *operands[MOST_COPIES][TRIAL_MOST_OPERANDS];
    int copies, next, is_right;
    float *output; /* there; with GUARD floats before and behind, as every operand */
    long output_floats;
    int burst; /* calls between two waits */
    double turns[MOST_TURNS];
    int turn_count;
} running[MOST_CANDIDATES];

static size_t guarded_bytes(long floats) {
    return 4 * ((size_t)floats + 2 * GUARD);
}

static void set_up(struct running *r, const struct trial_candidate *c) {
    double bytes = 0;
    for (int o = 0; o < c->operand_count; o++)
        bytes += c->operands[o].is_constant ? 4.0 * c->operands[o].floats : 0;
    r->copies = MOST_COPIES;
    if (bytes * MOST_COPIES > trial_copied_bytes) r->copies = (int)(trial_copied_bytes / bytes);
    if (r->copies < 2) r->copies = 2;
    for (int o = 0; o < c->operand_count; o++) {
        const struct trial_operand *p = &c->operands[o];
        float *memory = 0;
        if (p->at >= 0) read_floats(here, operands_file, p->at, p->floats);
        for (int i = 0; i < r->copies; i++) {
            if (i == 0 || p->is_constant) {
                memory = trial_allocate(guarded_bytes(p->floats));
                if (!memory) fail("no memory", operands_file);
                memory += GUARD;
                if (p->at >= 0 && trial_upload(memory, here, 4 * (size_t)p->floats))
                    fail("does not reach the device", operands_file);
            }
            r->operands[i][o] = memory + p->pointer;
        }
        r->output = memory, r->output_floats = p->floats;
    }
}

static int call(struct running *r, int candidate, int threads) {
    r->next = (r->next + 1) % r->copies;
    return trial_call(candidate, r->operands[r->next], threads, scratch);
}

/* Leaves the output of one call here, behind its guard. */
static int call_once(struct running *r, int candidate, int threads) {
    const uint32_t mark = UNWRITTEN;
    const size_t bytes = guarded_bytes(r->output_floats);
    for (size_t i = 0; i < bytes / 4; i++) memcpy(&here[i], &mark, 4);
    return trial_upload(r->output - GUARD, here, bytes) || call(r, candidate, threads) ||
           trial_download(here, r->output - GUARD, bytes);
}

static int is_unwritten(const float *value) {
    uint32_t bits;
    memcpy(&bits, value, 4);
    return bits == UNWRITTEN;
}

/* Null, or what is wrong with the output that lies here. Where the expected one was left unwritten,
   pads may be written, with numbers. */
static const char *wrong_with(const struct running *r, const float *expected,
                              const struct trial_candidate *c) {
    static char text[128];
    const float *const output = here + GUARD;
    double largest = 0;
    for (long i = 0; i < r->output_floats; i++) {
        if (!is_unwritten(&expected[i])) largest = fmax(largest, fabs(expected[i]));
    }
    const double limit = c->relative_tolerance * largest + c->tolerance;
    for (long i = -GUARD; i < r->output_floats + GUARD; i++) {
        const float *found = &output[i];
        if (i < 0 || i >= r->output_floats) {
            if (!is_unwritten(found)) return "it writes outside its output";
        } else if (is_unwritten(&expected[i])) {
            if (!is_unwritten(found) && !isfinite(*found)) return "a pad is not finite";
        } else if (is_unwritten(found)) {
            /* Whole blocks of pads need not be written: there the expected output is zero. */
            if (expected[i] != 0) return "it leaves outputs unwritten";
        } else if (!(fabs((double)*found - expected[i]) <= limit)) {
            snprintf(text, sizeof text, "float %ld of its output is %g, expected %g", i, *found,
                     expected[i]);
            return text;
        }
    }
    return 0;
}

static void tell(const char *what, int candidate, const char *why) {
    printf("%s %d%s%s\n", what, candidate, why ? ": " : "", why ? why : "");
    fflush(stdout);
}

static void check(int candidate, struct running *r, const float *expected, int threads) {
    const int error = call_once(r, candidate, threads);
    const char *wrong =
        error ? "it returns an error" : wrong_with(r, expected, &trial_candidates[candidate]);
    r->is_right = !wrong;
    tell(wrong ? "wrong" : "right", candidate, wrong);
}

static int call_burst(struct running *r, int candidate, int threads) {
    int error = 0;
    for (int i = 0; i < r->burst && !error; i++) error = call(r, candidate, threads);
    return trial_wait() || error;
}

static int find_burst(struct running *r, int candidate, int threads) {
    double us = 0;
    r->burst = 1;
    for (double us = 0; us < trial_burst_us && r->burst < MOST_BURST;) {
        const double start = now_us();
        if (call_burst(r, candidate, threads)) return 1;
        us = now_us() - start;
        if (us < trial_burst_us) r->burst *= 2;
    }
    return 0;
}

/* Microseconds of a call, of as many as fill a turn; less than 0 where one fails. */
static double turn(struct running *r, int candidate, int threads) {
    if (r->burst == 0 && find_burst(r, candidate, threads)) return -1;
    /* The other candidates have taken the caches. */
    if (call(r, candidate, threads) || trial_wait()) return -1;
    int calls = 0;
    const double start = now_us();
    double end = start;
    while (end - start < turn_us || (calls < r->copies && end - start < 20 * turn_us)) {
        if (call_burst(r, candidate, threads)) return -1;
        calls += r->burst;
        end = now_us();
    }
    return (end - start) / calls;
}

static double least(const struct running *r) {
    double least = INFINITY;
    for (int t = 0; t < r->turn_count; t++) least = fmin(least, r->turns[t]);
    return least;
}

/* They take turns, so that a change of the clock or the load meets all of them. */
static void measure(const int *candidates, int count, double seconds, int threads) {
    const double end = now_us() + seconds * 1e6;
    const struct running *last = &running[count - 1];
    for (int t = 0; t < MOST_TURNS && (t < LEAST_TURNS || now_us() < end); t++) {
        for (int i = 0; i < count; i++) {
            struct running *r = &running[i];
            if (!r->is_right) continue;
            if (t >= turns_of_hope && last->is_right && least(r) > hopeless * least(last)) continue;
            const double us = turn(r, candidates[i], threads);
            r->is_right = us >= 0;
            if (r->is_right)
                r->turns[r->turn_count++] = us;
            else
                tell("wrong", candidates[i], "it returns an error when it is called again");
        }
    }
    for (int i = 0; i < count; i++) {
        if (!running[i].is_right) continue;
        printf("time %d", candidates[i]);
        for (int t = 0; t < running[i].turn_count; t++) printf(" %.4f", running[i].turns[t]);
        printf("\n");
    }
}

static void expect(const char *file, int candidate, int threads) {
    struct running *r = &running[0];
    set_up(r, &trial_candidates[candidate]);
    if (call_once(r, candidate, threads)) fail("the reference schedule returns an error", file);
    FILE *stream = fopen(file, "wb");
    if (!stream ||
        fwrite(here + GUARD, 4, (size_t)r->output_floats, stream) != (size_t)r->output_floats ||
        fclose(stream))
        fail("cannot be written", file);
}

int main(int argc, char **argv) {
    if (argc < 7) return 2;
    operands_file = argv[1];
    const char *expected_file = argv[2];
    const int threads = atoi(argv[4]);
    alarm((unsigned)atoi(argv[5]));
    if (trial_open(threads)) fail("finds no device", argv[0]);
    here = allocate(floats_of_largest_operand() + 2 * GUARD);
    scratch = allocate(trial_scratch_bytes / 4 + 16);
    if (!strcmp(argv[3], "expect")) {
        expect(expected_file, atoi(argv[6]), threads);
        return 0;
    }
    int candidates[MOST_CANDIDATES], count = 0;
    for (int i = 7; i < argc && count < MOST_CANDIDATES; i++) candidates[count++] = atoi(argv[i]);
    float *expected = 0;
    for (int i = 0; i < count; i++) {
        struct running *r = &running[i];
        if (candidates[i] < 0 || candidates[i] >= trial_candidate_count) return 2;
        set_up(r, &trial_candidates[candidates[i]]);
        if (!expected) {
            expected = allocate((size_t)r->output_floats);
            read_floats(expected, expected_file, 0, r->output_floats);
        }
        check(candidates[i], r, expected, threads);
    }
    measure(candidates, count, atof(argv[6]), threads);
    return fflush(stdout) != 0;
}
