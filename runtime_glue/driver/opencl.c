/* OpenCL 2.0, found when a library first runs: nothing of it is linked. Memory is coarse-grained
   shared virtual memory, whose addresses kernels take wherever they point. */

enum { OPENCL_TYPE_CPU = 2, OPENCL_TYPE_GPU = 4, OPENCL_READ_WRITE = 1 };
enum {
    OPENCL_DEVICE_NAME = 0x102b,
    OPENCL_SVM_CAPABILITIES = 0x1053,
    OPENCL_SVM_COARSE = 1,
    MAX_PLATFORMS = 16
};

static struct {
    int (*clGetPlatformIDs)(uint32, void **, uint32 *);
    int (*clGetDeviceIDs)(void *, int64, uint32, void **, uint32 *);
    int (*clGetDeviceInfo)(void *, uint32, size, void *, size *);
    void *(*clCreateContext)(const int64 *, uint32, void **, void *, void *, int *);
    void *(*clCreateCommandQueue)(void *, void *, uint64, int *);
    void *(*clCreateProgramWithSource)(void *, uint32, const char **, const size *, int *);
    int (*clBuildProgram)(void *, uint32, void **, const char *, void *, void *);
    void *(*clCreateKernel)(void *, const char *, int *);
    int (*clSetKernelArg)(void *, uint32, size, const void *);
    int (*clSetKernelArgSVMPointer)(void *, uint32, const void *);
    void *(*clSVMAlloc)(void *, uint64, size, uint32);
    int (*clEnqueueSVMMemcpy)(void *, uint32, void *, const void *, size, uint32, void *, void *);
    int (*clEnqueueSVMMemFill)(void *, void *, const void *, size, size, uint32, void *, void *);
    int (*clEnqueueNDRangeKernel)(void *, void *, uint32, const size *, const size *, const size *,
                                  uint32, void *, void *);
    int (*clFinish)(void *);
} opencl;

/* In the order of the struct. */
static const char *const opencl_names[] = {"clGetPlatformIDs",
                                           "clGetDeviceIDs",
                                           "clGetDeviceInfo",
                                           "clCreateContext",
                                           "clCreateCommandQueue",
                                           "clCreateProgramWithSource",
                                           "clBuildProgram",
                                           "clCreateKernel",
                                           "clSetKernelArg",
                                           "clSetKernelArgSVMPointer",
                                           "clSVMAlloc",
                                           "clEnqueueSVMMemcpy",
                                           "clEnqueueSVMMemFill",
                                           "clEnqueueNDRangeKernel",
                                           "clFinish"};

static struct {
    int state; /* 0 not opened yet, 1 open, -1 no device */
    void *device, *context, *own_queue, *queue;
} opencl_device;

extern char *getenv(const char *name);

/* GPUs, unless CONVOY_OPENCL_DEVICE is cpu: drivers that run kernels on the CPU are for tests. */
static int64 opencl_device_type(void) {
    const char *const set = getenv("CONVOY_OPENCL_DEVICE");
    const int is_cpu = set && set[0] == 'c' && set[1] == 'p' && set[2] == 'u' && !set[3];
    return is_cpu ? OPENCL_TYPE_CPU : OPENCL_TYPE_GPU;
}

/* The first one with shared virtual memory. */
static int opencl_find_device(void) {
    void *platforms[MAX_PLATFORMS];
    uint32 count = 0;
    if (opencl.clGetPlatformIDs(MAX_PLATFORMS, platforms, &count)) return 1;
    if (count > MAX_PLATFORMS) count = MAX_PLATFORMS;
    for (uint32 p = 0; p < count; p++) {
        uint64 memory = 0;
        void *device;
        if (opencl.clGetDeviceIDs(platforms[p], opencl_device_type(), 1, &device, (uint32 *)0) ||
            opencl.clGetDeviceInfo(device, OPENCL_SVM_CAPABILITIES, sizeof memory, &memory,
                                   (size *)0) ||
            !(memory & OPENCL_SVM_COARSE))
            continue;
        opencl_device.device = device;
        return 0;
    }
    return 1;
}

static int opencl_open_device(void) {
    void *const library = dlopen("libOpenCL.so.1", RESOLVE_NOW);
    if (!library) return 1;
    void **const functions = (void **)&opencl;
    for (size i = 0; i < sizeof opencl_names / sizeof opencl_names[0]; i++) {
        functions[i] = dlsym(library, opencl_names[i]);
        if (!functions[i]) return 1;
    }
    if (opencl_find_device()) return 1;
    int error;
    opencl_device.context = opencl.clCreateContext((const int64 *)0, 1, &opencl_device.device,
                                                   (void *)0, (void *)0, &error);
    if (error) return 1;
    opencl_device.own_queue =
        opencl.clCreateCommandQueue(opencl_device.context, opencl_device.device, 0, &error);
    opencl_device.queue = opencl_device.own_queue;
    return error;
}

static int opencl_open(int compute_capability) {
    (void)compute_capability;
    if (!opencl_device.state) opencl_device.state = opencl_open_device() ? -1 : 1;
    return opencl_device.state < 0;
}

static int opencl_allocate(uint64 *address, size bytes) {
    const uint32 zero = 0;
    void *const memory =
        opencl.clSVMAlloc(opencl_device.context, OPENCL_READ_WRITE, (bytes + 3) / 4 * 4, 0);
    if (!memory) return 1;
    *address = (uint64)(size)memory;
    return opencl.clEnqueueSVMMemFill(opencl_device.queue, memory, &zero, sizeof zero,
                                      (bytes + 3) / 4 * 4, 0, (void *)0, (void *)0);
}

static int opencl_upload(uint64 to, const void *from, size bytes) {
    return opencl.clEnqueueSVMMemcpy(opencl_device.queue, 1, (void *)(size)to, from, bytes, 0,
                                     (void *)0, (void *)0);
}

static int opencl_download(void *to, uint64 from, size bytes) {
    return opencl.clEnqueueSVMMemcpy(opencl_device.queue, 1, to, (const void *)(size)from, bytes, 0,
                                     (void *)0, (void *)0);
}

static int opencl_finish(void) {
    return opencl.clFinish(opencl_device.queue);
}

/* Runs share the arena: one on another queue waits for the last. */
static int opencl_begin(void *queue) {
    void *const next = queue ? queue : opencl_device.own_queue;
    if (next == opencl_device.queue) return 0;
    const int failed = opencl_finish();
    opencl_device.queue = next;
    return failed;
}

static int opencl_end(int failed) {
    return failed;
}

static void *opencl_context(void) {
    return opencl_device.context;
}

static void *opencl_queue(void) {
    return opencl_device.own_queue;
}

static int opencl_name(char *text, size bytes) {
    return opencl.clGetDeviceInfo(opencl_device.device, OPENCL_DEVICE_NAME, bytes, text, (size *)0);
}

static const struct device_api opencl_api = {
    opencl_open,     opencl_begin,  opencl_end,     opencl_allocate, opencl_upload,
    opencl_download, opencl_finish, opencl_context, opencl_queue,    opencl_name};

/* Called by the kernels; their names are made the library's own. */
const void *halide_opencl_device_interface(void) {
    return &opencl_api;
}

int halide_opencl_initialize_kernels(struct context *context, void **program, const char *source,
                                     int bytes) {
    (void)context, (void)bytes;
    if (*program) return 0;
    int error;
    void *const created =
        opencl.clCreateProgramWithSource(opencl_device.context, 1, &source, (size *)0, &error);
    if (error || opencl.clBuildProgram(created, 1, &opencl_device.device, "", (void *)0, (void *)0))
        return 1;
    *program = created;
    return 0;
}

void halide_opencl_finalize_kernels(struct context *context, void *program) {
    (void)context, (void)program;
}

int halide_opencl_run(struct context *context, void *program, const char *name, int blocks_x,
                      int blocks_y, int blocks_z, int threads_x, int threads_y, int threads_z,
                      int shared_bytes, const uint64 *sizes, void **arguments,
                      const uint8 *is_buffer) {
    (void)context;
    struct launch *const launch = launch_of(program, name);
    int error;
    if (!launch->function) {
        void *const kernel = opencl.clCreateKernel(program, name, &error);
        if (error) return 1;
        launch->function = kernel;
    }
    uint32 i = 0;
    for (; sizes[i]; i++) {
        error = is_buffer[i] ? opencl.clSetKernelArgSVMPointer(
                                   launch->function, i,
                                   (const void *)(size)((struct buffer *)arguments[i])->device)
                             : opencl.clSetKernelArg(launch->function, i, sizes[i], arguments[i]);
        if (error) return 1;
    }
    /* Halide's last argument is local memory, wanted or not. */
    if (opencl.clSetKernelArg(launch->function, i, shared_bytes > 0 ? (size)shared_bytes : 1,
                              (void *)0))
        return 1;
    const size local[] = {(size)threads_x, (size)threads_y, (size)threads_z};
    const size global[] = {(size)blocks_x * local[0], (size)blocks_y * local[1],
                           (size)blocks_z * local[2]};
    return opencl.clEnqueueNDRangeKernel(opencl_device.queue, launch->function, 3, (size *)0,
                                         global, local, 0, (void *)0, (void *)0);
}
