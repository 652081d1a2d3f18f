/* Variants that run on a GPU: weights and activations stay in its memory, one run at a time. */

/* Of one variant. */
struct device {
    const struct device_api *api;
    const void *weights;
    size weight_bytes, arena_bytes;
    uint64 device_weights, arena, border; /* border: inputs and outputs of callers on the host */
    int is_ready;
};

/* A futex: 0 free, 1 held, 2 held and waited for. */
static uint32 device_lock;

static void lock_device(void) {
    uint32 free = 0;
    if (__atomic_compare_exchange_n(&device_lock, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    while (__atomic_exchange_n(&device_lock, 2, __ATOMIC_ACQUIRE))
        syscall(SYS_FUTEX, &device_lock, FUTEX_WAIT_PRIVATE, 2, (void *)0, (void *)0, 0);
}

static void unlock_device(void) {
    if (__atomic_exchange_n(&device_lock, 0, __ATOMIC_RELEASE) == 2)
        syscall(SYS_FUTEX, &device_lock, FUTEX_WAKE_PRIVATE, 1, (void *)0, (void *)0, 0);
}

static int is_present(const struct device_api *api, int compute_capability) {
    lock_device();
    const int failed = api->open(compute_capability);
    unlock_device();
    return !failed;
}

static size tensor_bytes(const struct shape *shape) {
    size bytes = sizeof(float);
    for (int d = 0; d < shape->rank; d++) bytes *= (size)shape->dims[d];
    return bytes;
}

static size border_bytes(const struct shape *shape) {
    return (tensor_bytes(shape) + 255) / 256 * 256;
}

/* Once: weights go to the device, and activations are zeroed there: kernels never write a halo. */
static int prepare_device(struct device *device) {
    if (device->is_ready) return 0;
    const struct device_api *const api = device->api;
    size border = 256;
    for (int i = 0; i < INPUT_COUNT; i++) border += border_bytes(&input_shapes[i]);
    for (int i = 0; i < OUTPUT_COUNT; i++) border += border_bytes(&output_shapes[i]);
    if (!device->device_weights &&
        api->allocate(&device->device_weights, device->weight_bytes + 256))
        return 1;
    if (!device->arena && api->allocate(&device->arena, device->arena_bytes + 256)) return 1;
    if (!device->border && api->allocate(&device->border, border)) return 1;
    if (device->weight_bytes &&
        api->upload(device->device_weights, device->weights, device->weight_bytes))
        return 1;
    if (api->finish()) return 1;
    device->is_ready = 1;
    return 0;
}

/* A step has ended when the device has done it. */
struct device_step {
    const struct device_api *api;
    const struct call *call;
};

static void after_device_step(void *data, int step) {
    const struct device_step *const at = data;
    at->api->finish();
    at->call->after_step(at->call->data, step);
}

static int run_between_copies(struct device *device, int (*run)(const struct call *),
                              const struct call *host) {
    const struct device_api *const api = device->api;
    if (prepare_device(device)) return 1;
    const float *inputs[INPUT_COUNT + 1];
    float *outputs[OUTPUT_COUNT + 1];
    uint64 at = device->border;
    for (int i = 0; i < INPUT_COUNT; i++) {
        if (api->upload(at, host->inputs[i], tensor_bytes(&input_shapes[i]))) return 1;
        inputs[i] = (const float *)at;
        at += border_bytes(&input_shapes[i]);
    }
    for (int i = 0; i < OUTPUT_COUNT; i++) {
        outputs[i] = (float *)at;
        at += border_bytes(&output_shapes[i]);
    }
    struct device_step step = {api, host};
    const struct call call = {
        inputs, outputs, (char *)device->arena, 1, host->after_step ? after_device_step : 0, &step};
    if (run(&call)) return 1;
    for (int i = 0; i < OUTPUT_COUNT; i++) {
        if (api->download(host->outputs[i], (uint64)outputs[i], tensor_bytes(&output_shapes[i])))
            return 1;
    }
    return 0;
}

/* A run whose inputs and outputs are the host's. */
static int run_from_host(struct device *device, int (*run)(const struct call *),
                         const struct call *host) {
    lock_device();
    int failed = device->api->begin((void *)0);
    if (!failed) failed = device->api->end(run_between_copies(device, run, host));
    unlock_device();
    return failed;
}

/* A run whose inputs and outputs are the device's; it is over when the stream comes to its end. */
static int run_on_stream(struct device *device, int (*run)(const struct call *),
                         const float *const *inputs, float *const *outputs, void *stream) {
    lock_device();
    int failed = device->api->begin(stream);
    if (!failed) {
        failed = prepare_device(device) ||
                 run(&(struct call){inputs, outputs, (char *)device->arena, 1, 0, (void *)0}) ||
                 (!stream && device->api->finish());
        failed = device->api->end(failed);
    }
    unlock_device();
    return failed;
}
