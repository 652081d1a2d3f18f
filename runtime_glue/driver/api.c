/* The library's C ABI, as its header documents it. */

#define API __attribute__((visibility("default")))

/* The first variant whose CPU features, or whose GPU, are there, -1 when there is none. Looked up
 * once: CPUID is slow. */
static int chosen_variant(void) {
    static int chosen; /* 0: not looked up yet, else variant + 2 */
    int known = __atomic_load_n(&chosen, __ATOMIC_RELAXED);
    if (known) return known - 2;
    known = -1;
    for (int v = 0; v < VARIANT_COUNT && known < 0; v++) {
        int has_all = !variants[v].is_present || variants[v].is_present();
        for (int f = 0; f < variants[v].feature_count; f++)
            has_all &= has_feature(&variants[v].features[f]);
        if (has_all) known = v;
    }
    __atomic_store_n(&chosen, known + 2, __ATOMIC_RELAXED);
    return known;
}

static int copy_shape(const struct shape *shapes, int count, int i, int64 dims[8], int *rank) {
    if (i < 0 || i >= count) return ERROR_INDEX;
    if (!dims || !rank) return ERROR_NULL;
    *rank = shapes[i].rank;
    for (int d = 0; d < 8; d++) dims[d] = d < shapes[i].rank ? shapes[i].dims[d] : 1;
    return 0;
}

API size NAME(arena_bytes)(void) {
    return ARENA_BYTES;
}
API int NAME(input_count)(void) {
    return INPUT_COUNT;
}
API int NAME(output_count)(void) {
    return OUTPUT_COUNT;
}
API int NAME(step_count)(void) {
    const int variant = chosen_variant();
    return variant < 0 ? 0 : step_counts[variant];
}

API int NAME(input_shape)(int i, int64 dims[8], int *rank) {
    return copy_shape(input_shapes, INPUT_COUNT, i, dims, rank);
}

API int NAME(output_shape)(int i, int64 dims[8], int *rank) {
    return copy_shape(output_shapes, OUTPUT_COUNT, i, dims, rank);
}

API const char *NAME(board)(void) {
    const int variant = chosen_variant();
    return variant < 0 ? "" : variants[variant].board;
}

static int run_checked(const struct call *call) {
    if (!call->inputs || !call->outputs || !call->arena) return ERROR_NULL;
    for (int i = 0; i < INPUT_COUNT; i++) {
        if (!call->inputs[i]) return ERROR_NULL;
        if (i == PACKED_INPUT && (size)call->inputs[i] % 64) return ERROR_ALIGNMENT;
    }
    for (int i = 0; i < OUTPUT_COUNT; i++) {
        if (!call->outputs[i]) return ERROR_NULL;
    }
    if ((size)call->arena % 64) return ERROR_ALIGNMENT;
    if (call->threads < 1 || call->threads > MAX_THREADS) return ERROR_THREADS;
    const int variant = chosen_variant();
    if (variant < 0) return ERROR_CPU;
    return variants[variant].run(call) ? ERROR_KERNEL : 0;
}

API int NAME(run_profiled)(const float *const *inputs, float *const *outputs, void *arena,
                           int threads, void (*after_step)(void *data, int step), void *data) {
    return run_checked(&(struct call){inputs, outputs, arena, threads, after_step, data, 0, 0, 0});
}

API int NAME(run)(const float *const *inputs, float *const *outputs, void *arena, int threads) {
    return NAME(run_profiled)(inputs, outputs, arena, threads, 0, 0);
}

/* Behind what a run alone takes, the scratch memory of each thread after the first. */
#define POOL_SCRATCH ((ARENA_BYTES + 63) / 64 * 64)

API size NAME(pool_arena_bytes)(int threads) {
    return threads > 1 ? POOL_SCRATCH + (size)(threads - 1) * SCRATCH_BYTES : ARENA_BYTES;
}

API int NAME(run_on_pool)(const float *const *inputs, float *const *outputs, void *arena,
                          int threads,
                          void (*parallel_for)(void *pool, void (*task)(void *closure, int index),
                                               void *closure, int count),
                          void *pool) {
    if (!parallel_for || !arena) return ERROR_NULL;
    return run_checked(&(struct call){inputs, outputs, arena, threads, 0, 0, parallel_for, pool,
                                      (char *)arena + POOL_SCRATCH});
}

API const char *NAME(error_text)(int code) {
    static const char *const texts[] = {
        "no error",
        "a null pointer: inputs, outputs, each of their elements, the arena and the function of a "
        "pool must be set",
        "the arena, or the memory of packed weights, is not aligned to 64 bytes",
        "the number of threads is not between 1 and 256",
        "this machine lacks CPU instructions, or the GPU, that every board of the library needs: "
        "compile it for this board",
        "a kernel failed, or the driver of the GPU that it runs on",
        "no such input or output",
        "the board that runs here is no GPU",
    };
    if (code < 0 || code >= (int)(sizeof texts / sizeof texts[0])) return "unknown error code";
    return texts[code];
}
