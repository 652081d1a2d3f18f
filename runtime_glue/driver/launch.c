/* What the kernels of every GPU need, whatever its driver. */

extern void *dlopen(const char *file, int mode);
extern void *dlsym(void *library, const char *symbol);
enum { RESOLVE_NOW = 2, MAX_KERNEL_ARGUMENTS = 16 };

/* The driver's handle of a kernel, by what it is launched with: names are constants of objects. */
struct launch {
    const void *module;
    const char *name;
    void *function;
};
static struct launch launches[LAUNCH_SLOTS];

static struct launch *launch_of(const void *module, const char *name) {
    size at = ((size)name ^ (size)module) * 0x9e3779b97f4a7c15u >> 40;
    struct launch *launch = &launches[at % LAUNCH_SLOTS];
    while (launch->name && (launch->name != name || launch->module != module))
        launch = &launches[++at % LAUNCH_SLOTS];
    launch->name = name;
    launch->module = module;
    return launch;
}

/* Called by the kernels before they launch, its name made the library's own: everything is on the
   device and stays there. */
int halide_copy_to_device(struct context *context, struct buffer *buffer, const void *api) {
    (void)context, (void)buffer, (void)api;
    return 0;
}
