/* A C program that links a compiled library and nothing else of Convoy: what every function
   answers, right and wrong. Exits with the number of answers that are not as expected. */

#include <digits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void expect(int holds, const char *what, int line) {
    if (holds) return;
    fprintf(stderr, "%s:%d: expected %s\n", __FILE__, line, what);
    failures++;
}
#define EXPECT(condition) expect((condition), #condition, __LINE__)

static void check_shapes(void) {
    int64_t dims[8];
    int rank = 0;
    EXPECT(digits_input_count() == 1);
    EXPECT(digits_output_count() == 1);
    EXPECT(digits_input_shape(0, dims, &rank) == digits_OK);
    EXPECT(rank == 4 && dims[0] == 1 && dims[1] == 1 && dims[2] == 8 && dims[3] == 8);
    EXPECT(dims[4] == 1 && dims[7] == 1);
    EXPECT(digits_output_shape(0, dims, &rank) == digits_OK);
    EXPECT(rank == 2 && dims[0] == 1 && dims[1] == 10);
    EXPECT(digits_input_shape(1, dims, &rank) == digits_ERROR_INDEX);
    EXPECT(digits_input_shape(-1, dims, &rank) == digits_ERROR_INDEX);
    EXPECT(digits_output_shape(1, dims, &rank) == digits_ERROR_INDEX);
    EXPECT(digits_input_shape(0, NULL, &rank) == digits_ERROR_NULL);
    EXPECT(digits_output_shape(0, dims, NULL) == digits_ERROR_NULL);
}

static void check_texts(void) {
    int code;
    EXPECT(strlen(digits_board()) > 0);
    for (code = -2; code <= 8; code++) {
        EXPECT(digits_error_text(code) != NULL);
        EXPECT(strlen(digits_error_text(code)) > 0);
    }
    EXPECT(digits_error_text(2147483647) != NULL);
    EXPECT(strstr(digits_error_text(digits_ERROR_THREADS), "threads") != NULL);
    EXPECT(strstr(digits_error_text(digits_ERROR_ALIGNMENT), "64") != NULL);
}

static int steps_seen;

static void count_step(void *data, int step) {
    EXPECT(step == steps_seen);
    EXPECT(data == &steps_seen);
    steps_seen++;
}

static void check_runs(char *arena) {
    float image[64], logits[10], again[10];
    const float *inputs[1];
    float *outputs[1];
    int i, threads;
    for (i = 0; i < 64; i++) image[i] = (float)(i % 17);
    inputs[0] = image;
    outputs[0] = logits;
    EXPECT(digits_run(inputs, outputs, arena, 1) == digits_OK);

    EXPECT(digits_run(NULL, outputs, arena, 1) == digits_ERROR_NULL);
    EXPECT(digits_run(inputs, NULL, arena, 1) == digits_ERROR_NULL);
    EXPECT(digits_run(inputs, outputs, NULL, 1) == digits_ERROR_NULL);
    inputs[0] = NULL;
    EXPECT(digits_run(inputs, outputs, arena, 1) == digits_ERROR_NULL);
    inputs[0] = image;
    outputs[0] = NULL;
    EXPECT(digits_run(inputs, outputs, arena, 1) == digits_ERROR_NULL);
    outputs[0] = again;
    EXPECT(digits_run(inputs, outputs, arena + 4, 1) == digits_ERROR_ALIGNMENT);
    EXPECT(digits_run(inputs, outputs, arena + 32, 1) == digits_ERROR_ALIGNMENT);
    EXPECT(digits_run(inputs, outputs, arena, 0) == digits_ERROR_THREADS);
    EXPECT(digits_run(inputs, outputs, arena, -1) == digits_ERROR_THREADS);
    EXPECT(digits_run(inputs, outputs, arena, 257) == digits_ERROR_THREADS);
    EXPECT(digits_run_profiled(inputs, outputs, NULL, 1, count_step, &steps_seen) ==
           digits_ERROR_NULL);
    EXPECT(steps_seen == 0);

    for (threads = 1; threads <= 256; threads *= 4) {
        memset(again, 0, sizeof again);
        EXPECT(digits_run(inputs, outputs, arena, threads) == digits_OK);
        EXPECT(memcmp(again, logits, sizeof logits) == 0);
    }
    memset(again, 0, sizeof again);
    EXPECT(digits_run_profiled(inputs, outputs, arena, 1, count_step, &steps_seen) == digits_OK);
    EXPECT(steps_seen == digits_step_count());
    EXPECT(steps_seen > 0);
    EXPECT(memcmp(again, logits, sizeof logits) == 0);
}

static int calls_of_pool;

static void call_in_turn(void *pool, void (*task)(void *closure, int index), void *closure,
                         int count) {
    int i;
    EXPECT(pool == &calls_of_pool);
    for (i = 0; i < count; i++) task(closure, i);
    calls_of_pool++;
}

static void check_runs_on_pool(void) {
    float image[64], logits[10], again[10];
    const float *inputs[1];
    float *outputs[1];
    int i, threads;
    EXPECT(digits_pool_arena_bytes(1) == digits_arena_bytes());
    EXPECT(digits_pool_arena_bytes(0) == digits_arena_bytes());
    EXPECT(digits_pool_arena_bytes(256) >= digits_pool_arena_bytes(2));
    char *const arena = aligned_alloc(64, (digits_pool_arena_bytes(256) + 63) / 64 * 64);
    if (!arena) return;
    for (i = 0; i < 64; i++) image[i] = (float)(i % 17);
    inputs[0] = image;
    outputs[0] = logits;
    EXPECT(digits_run(inputs, outputs, arena, 1) == digits_OK);
    outputs[0] = again;
    for (threads = 1; threads <= 256; threads *= 4) {
        memset(again, 0, sizeof again);
        EXPECT(digits_run_on_pool(inputs, outputs, arena, threads, call_in_turn, &calls_of_pool) ==
               digits_OK);
        EXPECT(memcmp(again, logits, sizeof logits) == 0);
    }
    EXPECT(digits_run_on_pool(inputs, outputs, arena, 2, NULL, NULL) == digits_ERROR_NULL);
    EXPECT(digits_run_on_pool(inputs, outputs, NULL, 2, call_in_turn, &calls_of_pool) ==
           digits_ERROR_NULL);
    EXPECT(digits_run_on_pool(NULL, outputs, arena, 2, call_in_turn, &calls_of_pool) ==
           digits_ERROR_NULL);
    EXPECT(digits_run_on_pool(inputs, outputs, arena + 4, 2, call_in_turn, &calls_of_pool) ==
           digits_ERROR_ALIGNMENT);
    for (threads = 0; threads <= 257; threads += 257) {
        EXPECT(digits_run_on_pool(inputs, outputs, arena, threads, call_in_turn, &calls_of_pool) ==
               digits_ERROR_THREADS);
    }
    free(arena);
}

int main(void) {
    const size_t bytes = (digits_arena_bytes() + 127) / 64 * 64;
    char *const arena = aligned_alloc(64, bytes);
    if (!arena) return 1;
    check_shapes();
    check_texts();
    check_runs(arena);
    check_runs_on_pool();
    free(arena);
    return failures;
}
