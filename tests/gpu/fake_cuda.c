/* A libcuda.so.1 of a device of compute capability 8.0 whose memory is the host's and whose kernels
   do nothing. It counts the contexts that are pushed and the waits of streams for each other, which
   fail where FAKE_CUDA_WAIT_FAILS is set. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int contexts, waits;

static int make(void **handle) {
    static char handles[256], *next = handles;
    *handle = next++;
    return 0;
}

int cuInit(unsigned flags) {
    return flags != 0;
}
int cuDeviceGet(int *device, int index) {
    *device = index;
    return 0;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    (void)device;
    *value = attribute == 75 ? 8 : 0; /* the major of the compute capability */
    return 0;
}
int cuDeviceGetName(char *name, int bytes, int device) {
    return device != 0 || bytes < 5 || !strcpy(name, "fake");
}
int cuDevicePrimaryCtxRetain(void **context, int device) {
    (void)device;
    return make(context);
}
int cuCtxPushCurrent_v2(void *context) {
    (void)context;
    contexts++;
    return 0;
}
int cuCtxPopCurrent_v2(void **context) {
    contexts--;
    *context = 0;
    return 0;
}
int cuStreamCreate(void **stream, unsigned flags) {
    (void)flags;
    return make(stream);
}
int cuStreamSynchronize(void *stream) {
    return !stream;
}
int cuStreamWaitEvent(void *stream, void *event, unsigned flags) {
    waits++;
    return !stream || !event || flags || getenv("FAKE_CUDA_WAIT_FAILS");
}
int cuEventCreate(void **event, unsigned flags) {
    (void)flags;
    return make(event);
}
int cuEventRecord(void *event, void *stream) {
    return !event || !stream;
}
int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
    *address = (uint64_t)malloc(bytes);
    return !*address;
}
int cuMemsetD8Async(uint64_t address, unsigned char value, size_t bytes, void *stream) {
    memset((void *)address, value, bytes);
    return !stream;
}
int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *stream) {
    memcpy((void *)to, from, bytes);
    return !stream;
}
int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *stream) {
    memcpy(to, (void *)from, bytes);
    return !stream;
}
int cuModuleLoadData(void **module, const void *ptx) {
    return !strstr(ptx, ".target sm_80") || make(module);
}
int cuModuleGetFunction(void **function, void *module, const char *name) {
    return !module || !name || make(function);
}
int cuLaunchKernel(void *function, unsigned blocks_x, unsigned blocks_y, unsigned blocks_z,
                   unsigned threads_x, unsigned threads_y, unsigned threads_z, unsigned shared,
                   void *stream, void **parameters, void **extra) {
    (void)shared, (void)extra;
    return !function || !stream || !parameters || !blocks_x || !blocks_y || !blocks_z ||
           !threads_x || !threads_y || !threads_z;
}
