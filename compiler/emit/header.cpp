#include <sstream>

#include "compiler/emit/library.h"

namespace convoy {

namespace {

std::string dims_text(const Value &value) {
    std::string text = "(";
    for (size_t d = 0; d < value.dims.size(); d++)
        text += (d ? ", " : "") + std::to_string(value.dims[d]);
    return text + ")";
}

void write_list(std::ostream &out, const char *what, const std::vector<Value> &values) {
    for (size_t i = 0; i < values.size(); i++) {
        out << "   " << what << " " << i << ": \"" << comment_text(values[i].name) << "\" "
            << dims_text(values[i]) << "\n";
    }
}

void write_floats(std::ostream &out, const char *name, const std::vector<Value> &values) {
    out << "    static constexpr size_t " << name << "[] = {";
    for (size_t i = 0; i < values.size(); i++) out << (i ? ", " : "") << values[i].count();
    out << "};\n";
}

// "const float *weights, const float *bias, void *packed" of the functions that exist.
std::string pack_parameters(const Library &library) {
    return std::string("const float *weights, ") + (library.bias ? "const float *bias, " : "") +
           "void *packed";
}

std::string pack_declaration(const Library &library) {
    if (!library.weights) return "";
    const std::string &n = library.name;
    std::string text = "/* Puts weights " + dims_text(*library.weights);
    if (library.bias) text += " and bias " + dims_text(*library.bias);
    text +=
        ", dense, into the order that run reads on this CPU: once, before the\n   first run. "
        "packed is " +
        n +
        "_PACKED_BYTES of the caller, aligned to 64 bytes. 0 or an error code. */\n"
        "enum { " +
        n + "_PACKED_BYTES = " + std::to_string(library.packed_bytes()) +
        " };\n"
        "int " +
        n + "_pack(" + pack_parameters(library) + ");\n\n";
    return text;
}

std::string run_declarations(const std::string &n) {
    const std::string tensors = "const float *const *inputs, float *const *outputs, void *arena";
    return "/* Runs the network: one pointer an input and an output, which must not overlap. "
           "threads is 1 to 256; the\n"
           "   first call with more than 1 starts workers, which all libraries of the process "
           "share. "
           "Callable from\n   several threads at once, each with its own arena. 0 or an error "
           "code. */\n"
           "int " +
           n + "_run(" + tensors +
           ", int threads);\n\n"
           "/* What runs the parts of a loop on threads of the caller's, instead of the workers: "
           "calls\n"
           "   task(closure, index) once for each index from 0 to count - 1, in any order, some or "
           "all "
           "at once, and\n   returns when all have returned. count is no more than the threads of "
           "the "
           "run. */\n"
           "typedef void (*" +
           n +
           "_parallel_for)(void *pool, void (*task)(void *closure, int index), void *closure,\n"
           "    int count);\n\n"
           "/* Runs the network with these; pool is what parallel_for gets. The arena has "
           "pool_arena_bytes(threads). */\n"
           "int " +
           n + "_run_on_pool(" + tensors + ", int threads,\n    " + n +
           "_parallel_for parallel_for, void *pool);\n"
           "size_t " +
           n + "_pool_arena_bytes(int threads);\n\n";
}

std::string device_declaration(const Library &library) {
    if (!library.takes_device_memory) return "";
    const std::string &n = library.name;
    return "/* The same with inputs and outputs in the GPU's memory: addresses of CUDA's first "
           "device, or of OpenCL's\n   shared virtual memory in the context below. It is over when "
           "the stream (a CUstream or cl_command_queue)\n   comes to its end; where that is null, "
           "on return. */\n"
           "int " +
           n +
           "_run_device(const float *const *inputs, float *const *outputs, void *stream);\n\n"
           "/* The library's own CUcontext and CUstream, or cl_context and cl_command_queue; null "
           "where the board\n   that runs here is no GPU. */\n"
           "void *" +
           n + "_device_context(void);\nvoid *" + n + "_device_stream(void);\n\n";
}

// For convoy::Layer.
void write_pack_members(std::ostream &out, const Library &library) {
    if (!library.weights) return;
    const std::string &n = library.name;
    out << "    static constexpr int packed_input = " << library.packed_input << ";\n"
        << "    static constexpr size_t weight_floats = " << library.weights->count()
        << ", bias_floats = " << (library.bias ? library.bias->count() : 0)
        << ", packed_bytes = " << library.packed_bytes() << ";\n"
        << "    static int pack(const float *weights, const float *" << (library.bias ? "bias" : "")
        << ", void *packed) {\n        return " << n << "_pack(weights, "
        << (library.bias ? "bias, " : "") << "packed);\n    }\n";
}

}  // namespace

std::string header_source(const Library &library) {
    const std::string &n = library.name;
    std::ostringstream out;
    out << "/* " << n << ": generated by convoy from " << library.source
        << ". Tensors are dense float32, row-major:\n";
    write_list(out, "input", library.inputs);
    write_list(out, "output", library.outputs);
    out << (library.weights ? "   " + n + "_pack makes what is input " +
                                  std::to_string(library.packed_input) + " of dense weights."
                            : "   Weights are in the library.")
        << " Nothing here allocates. */\n\n"
        << "#ifndef CONVOY_" << n << "_H\n#define CONVOY_" << n << "_H\n\n"
        << "#include <stddef.h>\n#include <stdint.h>\n\n"
        << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
        << "enum {\n"
        << "    " << n << "_OK = 0,\n"
        << "    " << n << "_ERROR_NULL = 1,      /* a null pointer */\n"
        << "    " << n
        << "_ERROR_ALIGNMENT = 2, /* the arena, or packed weights, not aligned to 64 bytes */\n"
        << "    " << n << "_ERROR_THREADS = 3,   /* threads is not 1 to 256 */\n"
        << "    " << n
        << "_ERROR_CPU = 4,       /* no board of the library runs on this machine */\n"
        << "    " << n << "_ERROR_KERNEL = 5,    /* a kernel failed, or its GPU's driver */\n"
        << "    " << n << "_ERROR_INDEX = 6      /* no such input or output */\n"
        << "};\n\n"
        << "/* Bytes of the arena that run works in: aligned to 64 bytes, one for each caller at a "
           "time, its content\n"
        << "   need not be set or kept. */\n"
        << "size_t " << n << "_arena_bytes(void);\n"
        << "int " << n << "_input_count(void);\n"
        << "int " << n << "_output_count(void);\n\n"
        << "/* Dims of a tensor, the first *rank of dims; the others are set to 1. 0 or an error "
           "code. */\n"
        << "int " << n << "_input_shape(int i, int64_t dims[8], int *rank);\n"
        << "int " << n << "_output_shape(int i, int64_t dims[8], int *rank);\n\n"
        << pack_declaration(library) << run_declarations(n)
        << "/* The same, calling after_step after each call of the step_count() steps that the "
           "manifest lists. */\n"
        << "int " << n
        << "_run_profiled(const float *const *inputs, float *const *outputs, void *arena, int "
           "threads,\n"
        << "    void (*after_step)(void *data, int step), void *data);\n"
        << "int " << n << "_step_count(void);\n\n"
        << device_declaration(library)
        << "/* The board whose code runs on this machine, \"\" where none does. */\n"
        << "const char *" << n << "_board(void);\n\n"
        << "/* A line of text for an error code; never null. */\n"
        << "const char *" << n << "_error_text(int code);\n\n"
        << "#ifdef __cplusplus\n}\n\n"
        << "/* For convoy::Model<" << n << "> of <convoy/model.hpp>. */\n"
        << "struct " << n << " {\n"
        << "    static constexpr const char *name = \"" << n << "\";\n"
        << "    static constexpr int inputs = " << library.inputs.size()
        << ", outputs = " << library.outputs.size() << ";\n";
    write_floats(out, "input_floats", library.inputs);
    write_floats(out, "output_floats", library.outputs);
    for (const char *function : {"arena_bytes", "pool_arena_bytes", "input_shape", "output_shape",
                                 "run", "run_on_pool", "error_text"}) {
        out << "    static constexpr auto " << function << " = &" << n << "_" << function << ";\n";
    }
    if (library.takes_device_memory)
        out << "    static constexpr auto run_device = &" << n << "_run_device;\n";
    write_pack_members(out, library);
    out << "};\n#endif\n\n#endif\n";
    return out.str();
}

}  // namespace convoy
