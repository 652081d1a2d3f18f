#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace convoy {

// A compiled library loaded into this process, with its manifest. A static one is linked into a
// temporary shared one.
class LoadedLibrary {
public:
    // `where` is DIR/NAME, as `convoy compile -o DIR --name NAME` wrote it. Throws
    // std::runtime_error naming the file that is missing or unusable.
    explicit LoadedLibrary(const std::filesystem::path &where);
    LoadedLibrary(const LoadedLibrary &) = delete;
    LoadedLibrary &operator=(const LoadedLibrary &) = delete;

    const std::string &name() const { return name_; }
    const nlohmann::json &manifest() const { return manifest_; }
    // The part of the manifest for the board whose code runs here.
    const nlohmann::json &board() const;

    using Dims = std::vector<int64_t>;
    // As the model has them: the weights and bias that the library packs are inputs too.
    std::vector<Dims> input_dims() const;
    std::vector<Dims> output_dims() const;

    using Tensors = std::vector<std::vector<float>>;
    // The sizes of the outputs, to be passed to run.
    Tensors make_outputs() const;
    // Packs the weights and bias among the inputs: once, before run, where the library does not do
    // so itself.
    void pack(const Tensors &inputs);
    // Throws std::runtime_error with the library's text for an error code.
    void run(const Tensors &inputs, Tensors &outputs, int threads);
    // The same, calling after_step(data, step) after each step.
    void run_profiled(const Tensors &inputs, Tensors &outputs, int threads,
                      void (*after_step)(void *, int), void *data);

private:
    using Memory = std::unique_ptr<char, void (*)(void *)>;
    Memory allocate(size_t bytes, const char *what) const;
    void *symbol(const char *function) const;
    void throw_if_error(int code) const;

    std::string name_;
    nlohmann::json manifest_;
    void *handle_ = nullptr;
    Memory arena_{nullptr, nullptr}, packed_{nullptr, nullptr};
    // Where among the model's inputs those are that pack() takes, and how many.
    size_t first_packed_ = 0, packed_count_ = 0;
};

int64_t float_count(const std::vector<int64_t> &dims);

// Normally distributed inputs of a fixed seed.
LoadedLibrary::Tensors random_inputs(const LoadedLibrary &library);

}  // namespace convoy
