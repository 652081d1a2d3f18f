/* Prints the boards whose code runs and one value of each output. */

#include <digits.h>
#include <layer.h>
#include <stdio.h>
#include <stdlib.h>

enum { IN = 3 * 8 * 8, OUT = 20 * 8 * 8, WEIGHTS = 20 * 3 * 9 };

static float image[64], logits[10], input[IN], weights[WEIGHTS], bias[20], output[OUT];

int main(void) {
    for (int i = 0; i < IN; i++) input[i] = 2;
    for (int i = 0; i < WEIGHTS; i++) weights[i] = 0.5f;
    for (int i = 0; i < 20; i++) bias[i] = (float)i;

    const float *images[] = {image};
    float *scores[] = {logits};
    void *arena = aligned_alloc(64, (digits_arena_bytes() + 63) / 64 * 64);
    if (digits_run(images, scores, arena, 2)) return 1;
    free(arena);
    printf("digits on %s: %.3f\n", digits_board(), logits[0]);

    float *packed = aligned_alloc(64, (layer_PACKED_BYTES + 63) / 64 * 64);
    if (layer_pack(weights, bias, packed)) return 2;
    const float *inputs[] = {input, packed};
    float *outputs[] = {output};
    arena = aligned_alloc(64, (layer_arena_bytes() + 63) / 64 * 64);
    if (layer_run(inputs, outputs, arena, 1)) return 3;
    free(arena);
    free(packed);
    /* All taps of an inner pixel: 27 of 2 x 0.5. */
    printf("layer on %s: %g\n", layer_board(), output[19 * 64 + 9]);
    return 0;
}
