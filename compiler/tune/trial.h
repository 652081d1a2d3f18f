/* What a trial program's two halves share: the kernels' call, compiled freestanding with the
   library's own loops over threads, and what runs, checks and times them. */

struct trial_operand {
    long floats;  /* of its memory */
    long pointer; /* the float that the kernel gets the address of */
    long at;      /* where the file of operands has its floats; -1 for the output */
    int is_constant;
};

struct trial_candidate {
    const struct trial_operand *operands; /* the output last */
    int operand_count;
    /* How far an output may be from the expected one: relative to its largest, and besides. */
    double relative_tolerance, tolerance;
};

enum { TRIAL_MOST_OPERANDS = 6 };

extern const struct trial_candidate trial_candidates[];
extern const int trial_candidate_count;
extern const unsigned long trial_scratch_bytes;
extern const double trial_copied_bytes; /* of constants, that calls take in turns */

/* One call of a candidate; `operands` are the addresses that the kernel gets. Returns 0, or the
   kernel's error. */
int trial_call(int candidate, void *const *operands, int threads, void *scratch);
