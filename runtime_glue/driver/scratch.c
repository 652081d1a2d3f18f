/* Memory for what kernels allocate: a stack in the scratch memory of the thread that runs them, as
   large as the compiler found that they need. */

/* Lies before each allocation, in 64 bytes so that what follows keeps their alignment. */
struct block {
    struct block *below;
    char *end;
    int is_free;
};

/* Called by the kernels; their names are made the library's own. */
void *halide_malloc(struct context *context, size bytes) {
    char *const at = context->top ? context->top->end : context->scratch;
    struct block *const block = (struct block *)at;
    block->below = context->top;
    block->end = at + 64 + (bytes + 63) / 64 * 64;
    block->is_free = 0;
    context->top = block;
    return at + 64;
}

/* In any order: a block is taken off the stack when all above it are free. */
void halide_free(struct context *context, void *memory) {
    ((struct block *)((char *)memory - 64))->is_free = 1;
    while (context->top && context->top->is_free) context->top = context->top->below;
}
