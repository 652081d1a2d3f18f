/* The part of every compiled library that is the same for all: kernel arguments, loops over
   threads, halos. Freestanding C: nothing of a C library's headers is needed, so that any target's
   clang compiles it. */

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
};

/* What every kernel gets as its first argument, and each of its tasks from the thread it runs on.
 */
struct context {
    int threads;
    char *scratch;     /* SCRATCH_BYTES for what kernels allocate */
    struct block *top; /* the last of their allocations */
};

typedef int (*task)(struct context *context, int index, uint8 *closure);

extern int pthread_create(void *thread, const void *attributes, void *(*start)(void *),
                          void *argument);
extern int pthread_detach(unsigned long thread);
extern long syscall(long number, ...);
extern void *memset(void *to, int byte, size count);

enum { MAX_THREADS = 256, MAX_WORKERS = MAX_THREADS - 1 };

#if defined(__x86_64__)
enum { SYS_FUTEX = 202, SYS_MMAP = 9, SYS_MUNMAP = 11 };
#define PAUSE() __asm__ volatile("pause")
#elif defined(__aarch64__)
enum { SYS_FUTEX = 98, SYS_MMAP = 222, SYS_MUNMAP = 215 };
#define PAUSE() __asm__ volatile("yield")
#endif
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129, SPINS_BEFORE_SLEEP = 4000 };
enum { PROT_READ_WRITE = 3, MAP_PRIVATE_ANONYMOUS = 0x22 };

/* One loop at a time is shared with the workers; a caller that finds the pool busy runs its own
   loop alone. */
static struct {
    int busy;    /* held by the caller whose loop is shared */
    int created; /* workers that exist */
    uint32 loop; /* counts shared loops; workers sleep on it */
    int sleepers;
    /* The shared loop. Workers enter while there are free seats; CLOSED is taken off when it ends.
     */
    int seats;
    int next, end, status;
    task body;
    uint8 *closure;
} pool;

enum { CLOSED = 1 << 30 };

static void run_share(struct context *context) {
    for (;;) {
        const int index = __atomic_fetch_add(&pool.next, 1, __ATOMIC_RELAXED);
        if (index >= pool.end) return;
        const int status = pool.body(context, index, pool.closure);
        if (status) __atomic_store_n(&pool.status, status, __ATOMIC_RELAXED);
    }
}

static int take_seat(void) {
    int seats = __atomic_load_n(&pool.seats, __ATOMIC_ACQUIRE);
    while (seats > 0) {
        if (__atomic_compare_exchange_n(&pool.seats, &seats, seats - 1, 0, __ATOMIC_ACQUIRE,
                                        __ATOMIC_ACQUIRE))
            return 1;
    }
    return 0;
}

static void *work(void *scratch) {
    struct context context = {1, scratch, 0};
    uint32 seen = 0;
    for (;;) {
        int spins = 0;
        uint32 loop;
        while ((loop = __atomic_load_n(&pool.loop, __ATOMIC_ACQUIRE)) == seen) {
            if (++spins < SPINS_BEFORE_SLEEP) {
                PAUSE();
                continue;
            }
            __atomic_fetch_add(&pool.sleepers, 1, __ATOMIC_SEQ_CST);
            syscall(SYS_FUTEX, &pool.loop, FUTEX_WAIT_PRIVATE, seen, (void *)0, (void *)0, 0);
            __atomic_fetch_sub(&pool.sleepers, 1, __ATOMIC_SEQ_CST);
        }
        seen = loop;
        if (take_seat()) {
            run_share(&context);
            __atomic_fetch_add(&pool.seats, 1, __ATOMIC_RELEASE);
        }
    }
    return 0;
}

/* Each with scratch memory of its own, which it keeps for its life. */
static void create_workers(int wanted) {
    while (pool.created < wanted && pool.created < MAX_WORKERS) {
        unsigned long thread;
        void *scratch = (void *)0;
        if (SCRATCH_BYTES > 0) {
            const long at = syscall(SYS_MMAP, 0L, (size)SCRATCH_BYTES, (long)PROT_READ_WRITE,
                                    (long)MAP_PRIVATE_ANONYMOUS, -1L, 0L);
            if (at == -1) return;
            scratch = (void *)at;
        }
        if (pthread_create(&thread, (void *)0, work, scratch)) {
            if (scratch) syscall(SYS_MUNMAP, scratch, (size)SCRATCH_BYTES);
            return;
        }
        pthread_detach(thread);
        pool.created++;
    }
}

/* Called by the kernels for their parallel loops; its name is made the library's own. */
int halide_do_par_for(struct context *context, task body, int min, int extent, uint8 *closure) {
    if (context->threads <= 1 || extent <= 1 ||
        __atomic_exchange_n(&pool.busy, 1, __ATOMIC_ACQUIRE)) {
        for (int i = min; i < min + extent; i++) {
            const int status = body(context, i, closure);
            if (status) return status;
        }
        return 0;
    }
    const int seats = context->threads - 1;
    create_workers(seats);
    pool.body = body;
    pool.closure = closure;
    pool.next = min;
    pool.end = min + extent;
    pool.status = 0;
    __atomic_store_n(&pool.seats, seats, __ATOMIC_RELEASE);
    __atomic_fetch_add(&pool.loop, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&pool.sleepers, __ATOMIC_SEQ_CST)) {
        syscall(SYS_FUTEX, &pool.loop, FUTEX_WAKE_PRIVATE, seats, (void *)0, (void *)0, 0);
    }
    run_share(context);
    __atomic_fetch_sub(&pool.seats, CLOSED, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&pool.seats, __ATOMIC_ACQUIRE) != seats - CLOSED) PAUSE();
    const int status = pool.status;
    __atomic_store_n(&pool.busy, 0, __ATOMIC_RELEASE);
    return status;
}

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
#define CALL(step, invocation)                                      \
    do {                                                            \
        const int status = invocation;                              \
        if (status) return status;                                  \
        if (call->after_step) call->after_step(call->data, (step)); \
    } while (0)
