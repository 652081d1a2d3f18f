/* Inputs and outputs in the memory of a GPU. */

API int NAME(run_device)(const float *const *inputs, float *const *outputs, void *stream) {
    if (!inputs || !outputs) return ERROR_NULL;
    for (int i = 0; i < INPUT_COUNT; i++) {
        if (!inputs[i]) return ERROR_NULL;
    }
    for (int i = 0; i < OUTPUT_COUNT; i++) {
        if (!outputs[i]) return ERROR_NULL;
    }
    const int variant = chosen_variant();
    if (variant < 0) return ERROR_CPU;
    if (!variants[variant].run_on_stream) return ERROR_DEVICE;
    return variants[variant].run_on_stream(inputs, outputs, stream) ? ERROR_KERNEL : 0;
}

static const struct device_api *chosen_api(void) {
    const int variant = chosen_variant();
    return variant < 0 ? (const struct device_api *)0 : variants[variant].api;
}

API void *NAME(device_context)(void) {
    const struct device_api *const api = chosen_api();
    return api ? api->context() : (void *)0;
}

API void *NAME(device_stream)(void) {
    const struct device_api *const api = chosen_api();
    return api ? api->stream() : (void *)0;
}
