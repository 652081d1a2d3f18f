/* A batch's images, one after the other through the steps that take one at a time; or, where there
   is room for it, as many at once as there are threads. */

struct images {
    int (*run)(const struct call *call, struct context *context, char *lane, int64 image);
    int count;
    /* What such a step writes for another is in a lane: the first is the arena itself. */
    int lanes;
    size other_lanes, lane_bytes; /* from the arena's begin to the second lane, and of each */
};

struct turns {
    const struct images *images;
    const struct call *call;
    int next; /* image */
};

/* A task takes images until none is left: threads may differ in speed. */
static int run_lane(struct context *context, int index, uint8 *closure) {
    struct turns *const turns = (struct turns *)closure;
    const struct images *const images = turns->images;
    char *const lane = index == 0 ? turns->call->arena
                                  : turns->call->arena + images->other_lanes +
                                        (size)(index - 1) * images->lane_bytes;
    for (;;) {
        const int image = __atomic_fetch_add(&turns->next, 1, __ATOMIC_RELAXED);
        if (image >= images->count) return 0;
        const int status = images->run(turns->call, context, lane, image);
        if (status) return status;
    }
}

static int run_images(const struct call *call, struct context *context,
                      const struct images *images) {
    struct call alone = *call;
    struct turns turns = {images, call, 0};
    const int threads = call->threads;
    /* Threads that would wait for the last image are better used within each. */
    const int is_even = images->count % threads == 0 || images->count >= 4 * threads;
    if (threads == 1 || threads > images->lanes || !is_even || call->after_step)
        return run_lane(context, 0, (uint8 *)&turns);
    alone.threads = 1; /* in each image's steps */
    turns.call = &alone;
    context->threads = threads;
    return halide_do_par_for(context, run_lane, 0, threads, (uint8 *)&turns);
}
