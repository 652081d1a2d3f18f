/* The threads that share the loops of kernels. All libraries of a process have one pool of them:
   each defines convoy_pool_1, and of these definitions the linker, or the dynamic linker, keeps
   one. The number is raised whenever the layout of what lies there, or what is done with it,
   changes: libraries that differ do not share. Functions are each library's own. */

/* A parallel loop: whoever takes part runs tasks until none is left. Its tasks are dealt out in
   ranges, one a thread: a thread begins with its own, which in the next layer's loop holds what
   this one leaves in the thread's caches, and then helps the others. */
struct range {
    int next, end;
    char alone_in_its_line[56];
};
struct loop {
    struct range *ranges;
    int threads, status;
    task body;
    uint8 *closure;
    size scratch_bytes; /* that a thread which takes part must have */
};

/* One loop at a time is shared with the workers; a caller that finds the pool busy runs its own
   loop alone. All of it starts as zeroes. */
struct pool {
    int busy;    /* held by the caller whose loop is shared */
    int created; /* workers that exist */
    uint32 turn; /* counts shared loops; workers sleep on it */
    int sleepers;
    int seats; /* workers enter while there are free ones; CLOSED is taken off when the loop ends */
    struct loop *loop;
};

enum { CLOSED = 1 << 30, SPINS_BEFORE_SLEEP = 4000, SPINS_BEFORE_YIELD = 1000 };

/* What a weak symbol would be in one executable; unique, it is one object even in shared libraries
   that were loaded where they do not see each other's symbols. C has no word for that. */
extern struct pool convoy_pool_1 __attribute__((visibility("default")));
__asm__(
    ".pushsection .bss.convoy_pool_1,\"awG\",%nobits,convoy_pool_1,comdat\n"
    ".balign 64\n"
    ".globl convoy_pool_1\n"
    ".type convoy_pool_1,%gnu_unique_object\n"
    ".size convoy_pool_1,64\n"
    "convoy_pool_1:\n"
    ".zero 64\n"
    ".popsection\n");
_Static_assert(sizeof(struct pool) <= 64, "it has room in convoy_pool_1");

static void deal(struct loop *loop, int min, int extent) {
    for (int i = 0; i < loop->threads; i++) {
        loop->ranges[i].next = min + (int)((int64)extent * i / loop->threads);
        loop->ranges[i].end = min + (int)((int64)extent * (i + 1) / loop->threads);
    }
}

static void run_share(struct loop *loop, struct context *context, int first) {
    for (int i = 0; i < loop->threads; i++) {
        struct range *const range = &loop->ranges[(first + i) % loop->threads];
        while (__atomic_load_n(&range->next, __ATOMIC_RELAXED) < range->end) {
            const int index = __atomic_fetch_add(&range->next, 1, __ATOMIC_RELAXED);
            if (index >= range->end) break;
            const int status = loop->body(context, index, loop->closure);
            if (status) __atomic_store_n(&loop->status, status, __ATOMIC_RELAXED);
        }
    }
}

static int take_seat(struct pool *pool) {
    int seats = __atomic_load_n(&pool->seats, __ATOMIC_ACQUIRE);
    while (seats > 0) {
        if (__atomic_compare_exchange_n(&pool->seats, &seats, seats - 1, 0, __ATOMIC_ACQUIRE,
                                        __ATOMIC_ACQUIRE))
            return 1;
    }
    return 0;
}

/* A worker's scratch memory is as large as any loop wanted that it took part in. */
static int has_scratch(struct context *context, size *bytes, size wanted) {
    if (*bytes >= wanted) return 1;
    const long at =
        syscall(SYS_MMAP, 0L, wanted, (long)PROT_READ_WRITE, (long)MAP_PRIVATE_ANONYMOUS, -1L, 0L);
    if (at == -1) return 0;
    if (*bytes > 0) syscall(SYS_MUNMAP, context->scratch, *bytes);
    context->scratch = (char *)at;
    *bytes = wanted;
    return 1;
}

static void *work(void *number) {
    struct pool *const pool = &convoy_pool_1;
    struct context context = {1, 0, 0, 0};
    size scratch_bytes = 0;
    uint32 seen = 0;
    for (;;) {
        int spins = 0;
        uint32 turn;
        while ((turn = __atomic_load_n(&pool->turn, __ATOMIC_ACQUIRE)) == seen) {
            if (++spins < SPINS_BEFORE_SLEEP) {
                PAUSE();
                continue;
            }
            __atomic_fetch_add(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
            syscall(SYS_FUTEX, &pool->turn, FUTEX_WAIT_PRIVATE, seen, (void *)0, (void *)0, 0);
            __atomic_fetch_sub(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
        }
        seen = turn;
        if (take_seat(pool)) {
            /* One that has no memory leaves the tasks to the others. */
            if (has_scratch(&context, &scratch_bytes, pool->loop->scratch_bytes))
                run_share(pool->loop, &context, (int)(size)number);
            __atomic_fetch_add(&pool->seats, 1, __ATOMIC_RELEASE);
        }
    }
    return 0;
}

static void create_workers(struct pool *pool, int wanted) {
    while (pool->created < wanted) {
        unsigned long thread;
        if (pthread_create(&thread, (void *)0, work, (void *)(size)(pool->created + 1))) return;
        pthread_detach(thread);
        pool->created++;
    }
}

/* Runs the loop with the workers, unless they have another: then nothing is done. */
static void share_with_workers(struct loop *loop, struct context *context, int threads) {
    struct pool *const pool = &convoy_pool_1;
    const int seats = threads - 1;
    if (__atomic_exchange_n(&pool->busy, 1, __ATOMIC_ACQUIRE)) return;
    create_workers(pool, seats);
    pool->loop = loop;
    __atomic_store_n(&pool->seats, seats, __ATOMIC_RELEASE);
    __atomic_fetch_add(&pool->turn, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&pool->sleepers, __ATOMIC_SEQ_CST)) {
        syscall(SYS_FUTEX, &pool->turn, FUTEX_WAKE_PRIVATE, seats, (void *)0, (void *)0, 0);
    }
    run_share(loop, context, 0);
    __atomic_fetch_sub(&pool->seats, CLOSED, __ATOMIC_ACQ_REL);
    /* Whom they wait for may need this processor. */
    for (int spins = 0; __atomic_load_n(&pool->seats, __ATOMIC_ACQUIRE) != seats - CLOSED;) {
        if (++spins < SPINS_BEFORE_YIELD)
            PAUSE();
        else
            syscall(SYS_SCHED_YIELD);
    }
    __atomic_store_n(&pool->busy, 0, __ATOMIC_RELEASE);
}
