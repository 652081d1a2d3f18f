/* Prints the name of the GPU that trials run on, as its driver has it. */

extern int puts(const char *text);

int main(void) {
    char name[256] = "";
    return trial_open(1) || TRIAL_API.name(name, sizeof name - 1) || puts(name) < 0;
}
