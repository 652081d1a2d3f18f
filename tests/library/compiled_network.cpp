#include "tests/library/compiled_network.h"

#include <dlfcn.h>

#include <stdexcept>

#include "compiler/compile.h"
#include "tests/library/eager_board.h"
#include "tests/library/guarded_buffer.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;

template<typename Function>
void look_up(void *library, const std::string &symbol, Function &function) {
    function = reinterpret_cast<Function>(dlsym(library, symbol.c_str()));
    if (!function) throw std::runtime_error("no function " + symbol);
}

}  // namespace

CompiledNetwork::CompiledNetwork(const fs::path &model, const std::vector<std::string> &boards,
                                 const std::map<std::string, int64_t> &dims) {
    CompileOptions options;
    options.boards.clear();
    for (const std::string &name : boards)
        options.boards.push_back(eager_board(name, folder_.path / "boards"));
    options.folder = folder_.path;
    options.shared = true;
    options.rules.threads = 4;  // batches have a lane for each
    options.import.dims = dims;
    options.import.warn = [](const std::string &text) { throw std::runtime_error(text); };
    const CompileResult result = compile_model(model, options);
    void *library = dlopen(result.libraries.front().c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) throw std::runtime_error(dlerror());
    const std::string prefix = result.name + "_";
    look_up(library, prefix + "arena_bytes", arena_bytes);
    look_up(library, prefix + "input_count", input_count);
    look_up(library, prefix + "output_count", output_count);
    look_up(library, prefix + "input_shape", input_shape);
    look_up(library, prefix + "output_shape", output_shape);
    look_up(library, prefix + "run", run);
    look_up(library, prefix + "board", board);
    look_up(library, prefix + "error_text", error_text);
}

size_t CompiledNetwork::floats(int (*shape)(int, int64_t *, int *), int i) {
    int64_t dims[8];
    int rank = 0;
    if (shape(i, dims, &rank) != 0) throw std::out_of_range("no such tensor");
    size_t count = 1;
    for (int d = 0; d < rank; d++) count *= (size_t)dims[d];
    return count;
}

Tensors CompiledNetwork::operator()(const Tensors &inputs, int threads, float arena_filler) const {
    GuardedBuffer arena(arena_bytes());
    arena.fill(arena_filler);
    std::vector<const float *> in;
    for (const auto &input : inputs) in.push_back(input.data());
    Tensors outputs;
    std::vector<float *> out;
    for (int i = 0; i < output_count(); i++)
        out.push_back(outputs.emplace_back(output_floats(i)).data());
    if (const int code = run(in.data(), out.data(), arena.data(), threads))
        throw std::runtime_error(error_text(code));
    return outputs;
}

}  // namespace convoy
