/* Runs the library `net` on 64 floats of the command line's file from several threads at once, then
   with inputs and outputs in OpenCL's memory; prints the board, both codes, and the results, which
   must not differ from thread to thread. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"

enum { INPUTS = 64, OUTPUTS = 10, THREADS = 4, RUNS = 5 };

static float input[INPUTS], results[THREADS][OUTPUTS];
static int codes[THREADS];

static void *run(void *at) {
    const size_t thread = (size_t)at;
    void *const arena = aligned_alloc(64, (net_arena_bytes() + 63) / 64 * 64);
    const float *const inputs[] = {input};
    float *const outputs[] = {results[thread]};
    for (int i = 0; i < RUNS && !codes[thread]; i++)
        codes[thread] = net_run(inputs, outputs, arena, 1);
    free(arena);
    return NULL;
}

static void print(const float *values) {
    for (int i = 0; i < OUTPUTS; i++) printf(" %.9g", values[i]);
    printf("\n");
}

#ifdef WITH_OPENCL
#define CL_TARGET_OPENCL_VERSION 200
#include <CL/cl.h>

static int run_on_device(float *results_of_device) {
    cl_context context = net_device_context();
    cl_command_queue queue = net_device_stream();
    if (!context || !queue)
        return net_run_device((const float *[]){input}, (float *[]){input}, NULL);
    float *const from = clSVMAlloc(context, CL_MEM_READ_WRITE, sizeof input, 0);
    float *const to = clSVMAlloc(context, CL_MEM_READ_WRITE, sizeof results[0], 0);
    clEnqueueSVMMemcpy(queue, CL_TRUE, from, input, sizeof input, 0, NULL, NULL);
    int code = net_run_device((const float *[]){from}, (float *[]){to}, queue);
    clEnqueueSVMMemcpy(queue, CL_TRUE, results_of_device, to, sizeof results[0], 0, NULL, NULL);
    if (!code)
        code = net_run_device((const float *[]){NULL}, (float *[]){to}, NULL) != net_ERROR_NULL;
    clSVMFree(context, from);
    clSVMFree(context, to);
    return code;
}
#else
static int run_on_device(float *results_of_device) {
    memcpy(results_of_device, results[0], sizeof results[0]);
    return net_run_device((const float *[]){input}, (float *[]){results[0]}, NULL);
}
#endif

int main(int argc, char **argv) {
    FILE *const file = fopen(argv[argc - 1], "rb");
    if (!file || fread(input, sizeof(float), INPUTS, file) != INPUTS) return 1;
    fclose(file);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, run, (void *)i);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (int i = 1; i < THREADS; i++) {
        if (memcmp(results[0], results[i], sizeof results[0])) return 2;
    }
    float results_of_device[OUTPUTS] = {0};
    const int device_code = run_on_device(results_of_device);
    printf("%s %d %d\n", *net_board() ? net_board() : "none", codes[0], device_code);
    print(results[0]);
    print(results_of_device);
    return 0;
}
