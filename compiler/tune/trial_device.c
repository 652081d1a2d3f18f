/* Trials of kernels that run on a GPU, through the library's own driver, which stands before this
   as TRIAL_API. Other runs do not share the device: what begins here never ends. */

/* A wait takes as long as some kernels do: there are many calls for each. */
const double trial_burst_us = 1000;

int trial_open(int threads) {
    (void)threads;
    return TRIAL_API.open(TRIAL_COMPUTE_CAPABILITY) || TRIAL_API.begin((void *)0);
}

void *trial_allocate(unsigned long bytes) {
    uint64 address;
    return TRIAL_API.allocate(&address, bytes) ? (void *)0 : (void *)address;
}

int trial_upload(void *to, const void *from, unsigned long bytes) {
    return TRIAL_API.upload((uint64)to, from, bytes) || TRIAL_API.finish();
}

int trial_download(void *to, const void *from, unsigned long bytes) {
    return TRIAL_API.download(to, (uint64)from, bytes);
}

int trial_wait(void) {
    return TRIAL_API.finish();
}
