/* Puts the weights and the bias of a convolution into the order that a kernel reads. Freestanding
   C, and C++: the compiler packs constants with it, a compiled library what it is given at run
   time. */

#ifndef CONVOY_PACK_H
#define CONVOY_PACK_H

struct convoy_packing {
    int positions;             /* of output channels, padding included */
    const int *output_channel; /* at each position, -1 for padding */
    int ic;                    /* positions of input channels of one group */
    int channels;              /* of one group, in the weights as given */
    const int *input_channel;  /* at each position, relative to the group's first, -1 for padding */
    int taps;                  /* packed ones; without `filter` those of the kernel, kh * kw */
    /* Positions come in blocks of runs: floats from one block to the next, from one run to the
       next, and the same of the others; input channels come in runs too. */
    int block, block_stride, run, run_stride, ic_run, ic_run_stride, ic_stride, tap_stride;
    /* Winograd's G, (points, 3), row-major, or null: then taps are points * points of G g G^T, or
       where is_rows_only is set kh * points of g G^T. */
    const double *filter;
    int points, is_rows_only;
};

/* bias (oc), or null for zeros; packed (positions) */
static inline void convoy_pack_bias(const struct convoy_packing *p, const float *bias,
                                    float *packed) {
    for (int at = 0; at < p->positions; at++) {
        const int oc = p->output_channel[at];
        packed[at] = bias && oc >= 0 ? bias[oc] : 0.0f;
    }
}

static inline float convoy_pack_tap(const struct convoy_packing *p, const float *g, int tap) {
    if (!p->filter) return g[tap];
    const double *const column = p->filter + tap % p->points * 3;
    double sum = 0;
    for (int y = 0; y < 3; y++) {
        const double row = p->is_rows_only ? y == 0 : p->filter[tap / p->points * 3 + y];
        const int from = (p->is_rows_only ? tap / p->points : y) * 3;
        for (int x = 0; x < 3; x++) sum += row * column[x] * g[from + x];
    }
    return (float)sum;
}

/* weights (oc, ic of a group, kh, kw); packed (positions * ic * taps) */
static inline void convoy_pack_weights(const struct convoy_packing *p, const float *weights,
                                       float *packed) {
    const long long kernel_taps = !p->filter        ? p->taps
                                  : p->is_rows_only ? p->taps / p->points * 3
                                                    : 9;
    for (int at = 0; at < p->positions; at++) {
        const long long oc = p->output_channel[at];
        float *const to = packed + (long long)(at / p->block) * p->block_stride +
                          (long long)(at % p->block / p->run) * p->run_stride + at % p->run;
        for (int c = 0; c < p->ic; c++) {
            const int channel = p->input_channel[c];
            const float *const g =
                oc < 0 || channel < 0 ? 0 : weights + (oc * p->channels + channel) * kernel_taps;
            for (int tap = 0; tap < p->taps; tap++) {
                to[(long long)(c / p->ic_run) * p->ic_run_stride +
                   (long long)(c % p->ic_run) * p->ic_stride + (long long)tap * p->tap_stride] =
                    g ? convoy_pack_tap(p, g, tap) : 0.0f;
            }
        }
    }
}

#endif
