/* The part of every compiled library that is the same for all: what a call and its kernels get,
   halos, CPU features, variants. Freestanding C: nothing of a C library's headers is needed, so
   that any target's clang compiles it. */

typedef unsigned char uint8;
typedef __UINT32_TYPE__ uint32;
typedef __UINT64_TYPE__ uint64;
typedef __INT64_TYPE__ int64;
typedef __SIZE_TYPE__ size;

/* halide_buffer_t as HalideRuntime.h lays it out. Kernels have constant bounds: only host is ever
 * read. */
struct buffer {
    uint64 device;
    const void *device_interface;
    const void *host;
    uint64 flags;
    uint8 type[4];
    int dimensions;
    const void *dim;
    void *padding;
};

/* What one call of run works on. */
struct call {
    const float *const *inputs;
    float *const *outputs;
    char *arena;
    int threads;
    void (*after_step)(void *data, int step);
    void *data;
    /* A pool of the caller's, or null: the workers. */
    void (*parallel_for)(void *pool, void (*task)(void *closure, int index), void *closure,
                         int count);
    void *pool;
    char *pool_scratch; /* SCRATCH_BYTES for each thread after the first */
};

/* What every kernel gets as its first argument, and each of its tasks from the thread it runs on.
 */
struct context {
    int threads;
    char *scratch;           /* SCRATCH_BYTES for what kernels allocate */
    struct block *top;       /* the last of their allocations */
    const struct call *call; /* whose pool it is; null: the workers */
};

typedef int (*task)(struct context *context, int index, uint8 *closure);

extern int pthread_create(void *thread, const void *attributes, void *(*start)(void *),
                          void *argument);
extern int pthread_detach(unsigned long thread);
extern long syscall(long number, ...);
extern void *memset(void *to, int byte, size count);

enum { MAX_THREADS = 256 };

#if defined(__x86_64__)
enum { SYS_FUTEX = 202, SYS_MMAP = 9, SYS_MUNMAP = 11, SYS_SCHED_YIELD = 24 };
#define PAUSE() __asm__ volatile("pause")
#elif defined(__aarch64__)
enum { SYS_FUTEX = 98, SYS_MMAP = 222, SYS_MUNMAP = 215, SYS_SCHED_YIELD = 124 };
#define PAUSE() __asm__ volatile("yield")
#endif
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };
enum { PROT_READ_WRITE = 3, MAP_PRIVATE_ANONYMOUS = 0x22 };

/* Zeroes the halo around `planes` planes of h rows of w floats: rows above and below, floats left
 * and right. */
static void zero_halo(char *at, int planes, int h, int w, int top, int left, int bottom,
                      int right) {
    float *p = (float *)at;
    const size row = (size)left + w + right;
    for (int plane = 0; plane < planes; plane++, p += row * (top + h + bottom)) {
        float *interior = p + row * top + left;
        memset(p, 0, (row * top + left) * sizeof(float));
        for (int y = 0; y + 1 < h; y++)
            memset(interior + row * y + w, 0, ((size)right + left) * sizeof(float));
        memset(interior + row * (h - 1) + w, 0, (right + row * bottom) * sizeof(float));
    }
}

/* A feature of the CPU, as CPUID reports it and the operating system supports it. */
struct cpu_feature {
    uint32 leaf, subleaf;
    int output; /* 0 eax, 1 ebx, 2 ecx, 3 edx */
    int bit;
    uint32 xcr0;
};

static int has_feature(const struct cpu_feature *f) {
#if defined(__x86_64__)
    uint32 r[4];
    __asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(0), "c"(0));
    if (r[0] < f->leaf) return 0;
    __asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(1), "c"(0));
    if (!(r[2] >> 27 & 1)) return 0;
    uint32 low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & f->xcr0) != f->xcr0) return 0;
    __asm__ volatile("cpuid"
                     : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
                     : "a"(f->leaf), "c"(f->subleaf));
    return r[f->output] >> f->bit & 1;
#else
    (void)f;
    return 0;
#endif
}

/* What CUDA and OpenCL do for variants on a GPU, each in a file of its own. Addresses are the
   device's; functions return 0, or what is not 0 where the driver reports an error. */
struct device_api {
    int (*open)(int compute_capability); /* 0 where there is a device that can run this */
    int (*begin)(void *stream);          /* a run on it, or where null on the library's own */
    int (*end)(int failed);              /* returns what it is given, or an error of its own */
    /* Between these two: */
    int (*allocate)(uint64 *address, size bytes); /* zeroed */
    int (*upload)(uint64 to, const void *from, size bytes);
    int (*download)(void *to, uint64 from, size bytes); /* waits for what came before */
    int (*finish)(void);                                /* waits for the stream */
    /* Of the library, for callers: what CUDA calls a context and a stream, OpenCL a context and a
       queue. */
    void *(*context)(void);
    void *(*stream)(void);
    int (*name)(char *text, size bytes); /* of an open device */
};

struct variant {
    const char *board;
    int (*run)(const struct call *call);
    const struct cpu_feature *features;
    int feature_count;
    void (*pack)(const float *weights, const float *bias, float *packed); /* or null */
    /* Null where it runs on the CPU. */
    const struct device_api *api;
    int (*is_present)(void);
    int (*run_on_stream)(const float *const *inputs, float *const *outputs, void *stream);
};

struct shape {
    int rank;
    int64 dims[8];
};

/* The kernel calls below are written with these. */
#define ARENA(bytes) (call->arena + (bytes))
#define INPUT(i, floats) ((const char *)(call->inputs[i] + (floats)))
#define OUTPUT(i, floats) ((char *)(call->outputs[i] + (floats)))
/* Of a step that gains from so many at most. */
#define THREADS(most) (call->threads < (most) ? call->threads : (most))
#define CALL(step, invocation)                                      \
    do {                                                            \
        const int status = invocation;                              \
        if (status) return status;                                  \
        if (call->after_step) call->after_step(call->data, (step)); \
    } while (0)
