/* CUDA's driver interface, found when a library first runs: nothing of it is linked. */

enum { CUDA_ATTRIBUTE_MAJOR = 75, CUDA_ATTRIBUTE_MINOR = 76 };
enum { CUDA_EVENT_DISABLE_TIMING = 2, CUDA_STREAM_NON_BLOCKING = 1 };

static struct {
    int (*cuInit)(unsigned);
    int (*cuDeviceGet)(int *, int);
    int (*cuDeviceGetAttribute)(int *, int, int);
    int (*cuDeviceGetName)(char *, int, int);
    int (*cuDevicePrimaryCtxRetain)(void **, int);
    int (*cuCtxPushCurrent)(void *);
    int (*cuCtxPopCurrent)(void **);
    int (*cuStreamCreate)(void **, unsigned);
    int (*cuStreamSynchronize)(void *);
    int (*cuStreamWaitEvent)(void *, void *, unsigned);
    int (*cuEventCreate)(void **, unsigned);
    int (*cuEventRecord)(void *, void *);
    int (*cuMemAlloc)(uint64 *, size);
    int (*cuMemsetD8Async)(uint64, unsigned char, size, void *);
    int (*cuMemcpyHtoDAsync)(uint64, const void *, size, void *);
    int (*cuMemcpyDtoHAsync)(void *, uint64, size, void *);
    int (*cuModuleLoadData)(void **, const void *);
    int (*cuModuleGetFunction)(void **, void *, const char *);
    int (*cuLaunchKernel)(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                          unsigned, void *, void **, void **);
} cuda;

/* In the order of the struct. */
static const char *const cuda_names[] = {"cuInit",
                                         "cuDeviceGet",
                                         "cuDeviceGetAttribute",
                                         "cuDeviceGetName",
                                         "cuDevicePrimaryCtxRetain",
                                         "cuCtxPushCurrent_v2",
                                         "cuCtxPopCurrent_v2",
                                         "cuStreamCreate",
                                         "cuStreamSynchronize",
                                         "cuStreamWaitEvent",
                                         "cuEventCreate",
                                         "cuEventRecord",
                                         "cuMemAlloc_v2",
                                         "cuMemsetD8Async",
                                         "cuMemcpyHtoDAsync_v2",
                                         "cuMemcpyDtoHAsync_v2",
                                         "cuModuleLoadData",
                                         "cuModuleGetFunction",
                                         "cuLaunchKernel"};

/* The context is the one that CUDA's runtime, and so other libraries, use too: addresses of theirs
   are valid in kernels. */
static struct {
    int state; /* 0 not opened yet, 1 open, -1 no device */
    int device, compute_capability;
    void *context, *own_stream, *stream, *last_run;
} cuda_device;

static int cuda_open_device(void) {
    void *const library = dlopen("libcuda.so.1", RESOLVE_NOW);
    if (!library) return 1;
    void **const functions = (void **)&cuda;
    for (size i = 0; i < sizeof cuda_names / sizeof cuda_names[0]; i++) {
        functions[i] = dlsym(library, cuda_names[i]);
        if (!functions[i]) return 1;
    }
    int major, minor;
    void *before;
    if (cuda.cuInit(0) || cuda.cuDeviceGet(&cuda_device.device, 0) ||
        cuda.cuDeviceGetAttribute(&major, CUDA_ATTRIBUTE_MAJOR, cuda_device.device) ||
        cuda.cuDeviceGetAttribute(&minor, CUDA_ATTRIBUTE_MINOR, cuda_device.device) ||
        cuda.cuDevicePrimaryCtxRetain(&cuda_device.context, cuda_device.device) ||
        cuda.cuCtxPushCurrent(cuda_device.context))
        return 1;
    const int failed = cuda.cuStreamCreate(&cuda_device.own_stream, CUDA_STREAM_NON_BLOCKING) ||
                       cuda.cuEventCreate(&cuda_device.last_run, CUDA_EVENT_DISABLE_TIMING);
    cuda.cuCtxPopCurrent(&before);
    cuda_device.stream = cuda_device.own_stream;
    cuda_device.compute_capability = major * 10 + minor;
    return failed;
}

static int cuda_open(int compute_capability) {
    if (!cuda_device.state) cuda_device.state = cuda_open_device() ? -1 : 1;
    return cuda_device.state < 0 || cuda_device.compute_capability < compute_capability;
}

/* The caller's context is set again at the end. Runs share the arena: one on another stream waits
   for the last. */
static int cuda_begin(void *stream) {
    void *const next = stream ? stream : cuda_device.own_stream;
    void *ours;
    if (cuda.cuCtxPushCurrent(cuda_device.context)) return 1;
    if (next != cuda_device.stream && cuda.cuStreamWaitEvent(next, cuda_device.last_run, 0)) {
        cuda.cuCtxPopCurrent(&ours);
        return 1;
    }
    cuda_device.stream = next;
    return 0;
}

static int cuda_end(int failed) {
    void *ours;
    if (cuda.cuEventRecord(cuda_device.last_run, cuda_device.stream)) failed = 1;
    return cuda.cuCtxPopCurrent(&ours) || failed;
}

static int cuda_allocate(uint64 *address, size bytes) {
    return cuda.cuMemAlloc(address, bytes) ||
           cuda.cuMemsetD8Async(*address, 0, bytes, cuda_device.stream);
}

static int cuda_upload(uint64 to, const void *from, size bytes) {
    return cuda.cuMemcpyHtoDAsync(to, from, bytes, cuda_device.stream);
}

static int cuda_finish(void) {
    return cuda.cuStreamSynchronize(cuda_device.stream);
}

static int cuda_download(void *to, uint64 from, size bytes) {
    return cuda.cuMemcpyDtoHAsync(to, from, bytes, cuda_device.stream) || cuda_finish();
}

static void *cuda_context(void) {
    return cuda_device.context;
}

static void *cuda_stream(void) {
    return cuda_device.own_stream;
}

static int cuda_name(char *text, size bytes) {
    return cuda.cuDeviceGetName(text, (int)bytes, cuda_device.device);
}

static const struct device_api cuda_api = {cuda_open,   cuda_begin,    cuda_end,    cuda_allocate,
                                           cuda_upload, cuda_download, cuda_finish, cuda_context,
                                           cuda_stream, cuda_name};

/* Called by the kernels; their names are made the library's own. PTX is compiled without Halide's
   limit of 64 registers a thread. */
const void *halide_cuda_device_interface(void) {
    return &cuda_api;
}

int halide_cuda_initialize_kernels(struct context *context, void **module, const char *ptx,
                                   int bytes) {
    (void)context, (void)bytes;
    if (*module) return 0;
    return cuda.cuModuleLoadData(module, ptx);
}

void halide_cuda_finalize_kernels(struct context *context, void *module) {
    (void)context, (void)module;
}

int halide_cuda_run(struct context *context, void *module, const char *name, int blocks_x,
                    int blocks_y, int blocks_z, int threads_x, int threads_y, int threads_z,
                    int shared_bytes, const uint64 *sizes, void **arguments,
                    const uint8 *is_buffer) {
    (void)context;
    void *parameters[MAX_KERNEL_ARGUMENTS];
    for (int i = 0; sizes[i]; i++) {
        if (i == MAX_KERNEL_ARGUMENTS) return 1;
        parameters[i] = is_buffer[i] ? &((struct buffer *)arguments[i])->device : arguments[i];
    }
    struct launch *const launch = launch_of(module, name);
    if (!launch->function && cuda.cuModuleGetFunction(&launch->function, module, name)) return 1;
    return cuda.cuLaunchKernel(launch->function, (unsigned)blocks_x, (unsigned)blocks_y,
                               (unsigned)blocks_z, (unsigned)threads_x, (unsigned)threads_y,
                               (unsigned)threads_z, (unsigned)shared_bytes, cuda_device.stream,
                               parameters, (void **)0);
}
