#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// An argument of a kernel: floats of the host's memory, copied to the device, where the kernel gets
// the address of the one at `offset`.
struct device_operand {
    float *memory;
    size_t floats;
    ptrdiff_t offset;
};

// Whether there is an OpenCL device that the driver takes.
int device_is_present(void);

// Runs a compiled kernel's function on the device, the last operand its output, which is copied
// back. 0, or not where the driver or the kernel fails.
int device_call(void *kernel, const struct device_operand *operands, int count);

#ifdef __cplusplus
}
#endif
