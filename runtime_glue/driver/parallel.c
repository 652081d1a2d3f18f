/* The parallel loops of kernels: alone, with the workers, or with the caller's own pool. */

/* A share of a loop is one call of the pool's: its index says whose scratch memory it has. */
struct shares {
    struct loop *loop;
    struct context *context; /* of the thread that waits for the pool: the first share has it */
};

static void run_share_of_pool(void *closure, int index) {
    const struct shares *const shares = closure;
    if (index == 0) {
        run_share(shares->loop, shares->context, 0);
    } else {
        char *const all = shares->context->call->pool_scratch;
        struct context own = {1, all + (size)(index - 1) * SCRATCH_BYTES, 0, 0};
        run_share(shares->loop, &own, index);
    }
}

/* Called by the kernels for their parallel loops; its name is made the library's own. */
int halide_do_par_for(struct context *context, task body, int min, int extent, uint8 *closure) {
    const int asked = context->threads, threads = asked < extent ? asked : extent;
    if (threads <= 1) {
        for (int i = min; i < min + extent; i++) {
            const int status = body(context, i, closure);
            if (status) return status;
        }
        return 0;
    }
    struct range ranges[MAX_THREADS];
    struct loop loop = {ranges, threads, 0, body, closure, SCRATCH_BYTES};
    deal(&loop, min, extent);
    context->threads = 1; /* loops within its tasks are run alone */
    if (context->call) {
        struct shares shares = {&loop, context};
        context->call->parallel_for(context->call->pool, run_share_of_pool, &shares, threads);
    } else {
        share_with_workers(&loop, context, threads);
    }
    run_share(&loop, context, 0); /* what is left */
    context->threads = asked;
    return loop.status;
}
