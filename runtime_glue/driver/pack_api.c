/* Weights as arguments: what packs them once for run. */

#if HAS_BIAS
API int NAME(pack)(const float *weights, const float *bias, void *packed) {
    if (!bias) return ERROR_NULL;
#else
API int NAME(pack)(const float *weights, void *packed) {
    const float *const bias = 0;
#endif
    if (!weights || !packed) return ERROR_NULL;
    if ((size)packed % 64) return ERROR_ALIGNMENT;
    const int variant = chosen_variant();
    if (variant < 0) return ERROR_CPU;
    variants[variant].pack(weights, bias, packed);
    return 0;
}
