/* Puts the weights and the bias of a convolution into the order that a kernel reads. Freestanding
   C, and C++: the compiler packs constants with it, a compiled library what it is given at run
   time. */

#ifndef CONVOY_PACK_H
#define CONVOY_PACK_H

struct convoy_packing {
    int positions;             /* of output channels, padding included */
    const int *output_channel; /* at each position, -1 for padding */
    int ic;                    /* positions of input channels of one group, of all phases */
    int channels;              /* of one group, in the weights as given */
    const int *input_channel;  /* at each position, relative to the group's first, -1 for padding */
    int taps;                  /* packed ones; without `filter` those of the kernel, kh * kw */
    /* Positions come in blocks of runs: floats from one block to the next, from one run to the
       next, and the same of the others; input channels come in runs too. */
    int block, block_stride, run, run_stride, ic_run, ic_run_stride, ic_stride, tap_stride;
    /* Winograd's G, (points, filter_taps), row-major, or null: then taps are H g G^T with H the
       row_filter, (taps / points, row_taps). With a stride g is one phase of a kernel of rows x
       columns: every stride-th row and column of it, zero beyond.
       Strassen's sums, (taps, parts * parts), where parts is above 1: each tap is a sum of weights
       of a 1 x 1 kernel, of every part of the output and input channels. Lanes of oc_lanes and
       ic_lanes positions belong to the parts in turn; `ic` is then of one part. */
    const double *filter, *row_filter;
    int points, filter_taps, row_taps, rows, columns, stride, phase_ic, parts, oc_lanes, ic_lanes;
};

/* bias (oc), or null for zeros; packed (positions) */
static inline void convoy_pack_bias(const struct convoy_packing *p, const float *bias,
                                    float *packed) {
    for (int at = 0; at < p->positions; at++) {
        const int oc = p->output_channel[at];
        packed[at] = bias && oc >= 0 ? bias[oc] : 0.0f;
    }
}

/* The sum over a kernel's row of one phase, every stride-th of its columns. */
static inline double convoy_pack_row(const struct convoy_packing *p, const float *row, int phase,
                                     int point) {
    double sum = 0;
    for (int x = phase, k = 0; x < p->columns; x += p->stride, k++)
        sum += p->filter[point * p->filter_taps + k] * row[x];
    return sum;
}

static inline float convoy_pack_tap(const struct convoy_packing *p, const float *g, int phase,
                                    int tap) {
    if (!p->filter) return g[tap];
    const int i = tap / p->points, j = tap % p->points;
    double sum = 0;
    for (int y = phase / p->stride, k = 0; y < p->rows; y += p->stride, k++)
        sum += p->row_filter[i * p->row_taps + k] *
               convoy_pack_row(p, g + y * p->columns, phase % p->stride, j);
    return (float)sum;
}

/* One of the positions of a part, among those of all. */
static inline int convoy_pack_position(int at, int lanes, int parts, int part) {
    return (at / lanes * parts + part) * lanes + at % lanes;
}

static inline float convoy_pack_sum(const struct convoy_packing *p, const float *weights, int at,
                                    int c, int tap) {
    double sum = 0;
    for (int k = 0; k < p->filter_taps; k++) {
        const double factor = p->filter[tap * p->filter_taps + k];
        const long long oc =
            p->output_channel[convoy_pack_position(at, p->oc_lanes, p->parts, k / p->parts)];
        const int ic =
            p->input_channel[convoy_pack_position(c, p->ic_lanes, p->parts, k % p->parts)];
        if (factor != 0 && oc >= 0 && ic >= 0) sum += factor * weights[oc * p->channels + ic];
    }
    return (float)sum;
}

/* weights (oc, ic of a group, kh, kw); packed (positions / parts * ic * taps) */
static inline void convoy_pack_weights(const struct convoy_packing *p, const float *weights,
                                       float *packed) {
    const long long kernel_taps = p->filter ? p->rows * p->columns : p->taps;
    for (int at = 0; at < p->positions / p->parts; at++) {
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
                    p->parts > 1 ? convoy_pack_sum(p, weights, at, c, tap)
                    : g          ? convoy_pack_tap(p, g, c / p->phase_ic, tap)
                                 : 0.0f;
            }
        }
    }
}

#endif
