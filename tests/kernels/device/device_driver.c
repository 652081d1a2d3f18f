/* The compiled library's own driver for OpenCL, with one run of any kernel in place of a network's.
   Kernels are loaded as shared libraries, which find here what they call. */

#define halide_do_par_for device_do_par_for
enum { SCRATCH_BYTES = 0, LAUNCH_SLOTS = 4096 };

#include "runtime_glue/driver/common.c"

#include "runtime_glue/driver/workers.c"

#include "runtime_glue/driver/parallel.c"

#include "runtime_glue/driver/launch.c"

#include "runtime_glue/driver/opencl.c"
#include "tests/kernels/device/device_driver.h"

int device_is_present(void) {
    return !opencl_api.open(0);
}

static int call_kernel(void *kernel, struct buffer *b, int count) {
    struct context context = {1, (char *)0, (struct block *)0, (const struct call *)0};
    typedef int (*two)(struct context *, struct buffer *, struct buffer *);
    typedef int (*three)(struct context *, struct buffer *, struct buffer *, struct buffer *);
    typedef int (*four)(struct context *, struct buffer *, struct buffer *, struct buffer *,
                        struct buffer *);
    typedef int (*five)(struct context *, struct buffer *, struct buffer *, struct buffer *,
                        struct buffer *, struct buffer *);
    switch (count) {
        case 2:
            return ((two)kernel)(&context, b, b + 1);
        case 3:
            return ((three)kernel)(&context, b, b + 1, b + 2);
        case 4:
            return ((four)kernel)(&context, b, b + 1, b + 2, b + 3);
        case 5:
            return ((five)kernel)(&context, b, b + 1, b + 2, b + 3, b + 4);
        default:
            return 1;
    }
}

int device_call(void *kernel, const struct device_operand *operands, int count) {
    struct buffer b[5] = {{0}};
    uint64 memory[5] = {0};
    if (count > 5 || opencl_api.open(0) || opencl_api.begin((void *)0)) return 1;
    for (int i = 0; i < count; i++) {
        const size bytes = operands[i].floats * sizeof(float);
        if (opencl_api.allocate(&memory[i], bytes + 256) ||
            opencl_api.upload(memory[i], operands[i].memory, bytes))
            return opencl_api.end(1);
        b[i].device = memory[i] + (uint64)operands[i].offset * sizeof(float);
    }
    const struct device_operand *const output = &operands[count - 1];
    return opencl_api.end(
        call_kernel(kernel, b, count) ||
        opencl_api.download(output->memory, memory[count - 1], output->floats * sizeof(float)));
}
