#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/temporary_folder.h"

namespace convoy {

using Tensors = std::vector<std::vector<float>>;

// A network compiled to a shared library by compile_model() and loaded into this process. Its small
// kernels use threads too.
class CompiledNetwork {
public:
    CompiledNetwork(const std::filesystem::path &model, const std::vector<std::string> &boards,
                    const std::map<std::string, int64_t> &dims = {});

    // The library's functions, as its header declares them.
    size_t (*arena_bytes)();
    int (*input_count)();
    int (*output_count)();
    int (*input_shape)(int i, int64_t dims[8], int *rank);
    int (*output_shape)(int i, int64_t dims[8], int *rank);
    int (*run)(const float *const *inputs, float *const *outputs, void *arena, int threads);
    const char *(*board)();
    const char *(*error_text)(int code);

    size_t input_floats(int i) const { return floats(input_shape, i); }
    size_t output_floats(int i) const { return floats(output_shape, i); }

    // Runs it in buffers of its own; `arena_filler` is what the arena holds before.
    Tensors operator()(const Tensors &inputs, int threads = 1, float arena_filler = 0) const;

private:
    static size_t floats(int (*shape)(int, int64_t *, int *), int i);
    TemporaryFolder folder_;
};

}  // namespace convoy
