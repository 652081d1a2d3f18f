#include "tools/loaded_library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <random>
#include <stdexcept>

#include "compiler/emit/toolchain.h"
#include "targets/board.h"
#include "targets/system.h"

namespace convoy {

namespace fs = std::filesystem;

namespace {

// Goes with all it holds.
struct TemporaryFolder {
    TemporaryFolder() {
        std::string pattern = (fs::temp_directory_path() / "convoy-XXXXXX").string();
        if (!mkdtemp(pattern.data())) throw std::runtime_error(pattern + ": cannot be made");
        path = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    TemporaryFolder(const TemporaryFolder &) = delete;

    fs::path path;
};

// Where in the package the library for this machine is.
fs::path library_of(const nlohmann::json &manifest, const std::string &system,
                    const fs::path &file) {
    std::string known;
    for (const nlohmann::json &library : manifest.at("libraries")) {
        if (library.at("system") == system) return library.at("file").get<std::string>();
        known += (known.empty() ? "" : ", ") + library.at("system").get<std::string>();
    }
    throw std::runtime_error(file.string() + ": the library is for " + known +
                             ", expected one for " + system + ", which runs here");
}

}  // namespace

LoadedLibrary::LoadedLibrary(const fs::path &where) : name_(where.filename()) {
    const fs::path folder = where.parent_path();
    const fs::path json = folder / "share" / (name_ + ".json");
    std::ifstream stream(json);
    if (!stream)
        throw std::runtime_error(json.string() +
                                 ": cannot be read: expected DIR/NAME of a compiled library");
    try {
        manifest_ = nlohmann::json::parse(stream);
    } catch (const nlohmann::json::exception &error) {
        throw std::runtime_error(json.string() + ": not a manifest: " + error.what());
    }
    const Board host = detect_host();
    fs::path library = folder / library_of(manifest_, system_of(host), json);
    if (!fs::exists(library)) throw std::runtime_error(library.string() + ": no such library");
    std::optional<TemporaryFolder> temporary;  // needed until the library is loaded
    if (library.extension() == ".a") {
        const fs::path archive = library;
        library = temporary.emplace().path / ("lib" + name_ + ".so");
        Toolchain().link_shared(host, {"-Wl,--whole-archive", archive, "-Wl,--no-whole-archive"},
                                library);
    }
    handle_ = dlopen(fs::absolute(library).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle_) throw std::runtime_error(library.string() + ": cannot be loaded: " + dlerror());
    const auto arena_bytes = reinterpret_cast<size_t (*)()>(symbol("arena_bytes"))();
    arena_ = allocate(arena_bytes, "an arena");
    if (const auto pack = manifest_.find("pack"); pack != manifest_.end()) {
        first_packed_ = pack->at("input");
        packed_count_ = pack->contains("bias") ? 2 : 1;
        packed_ = allocate(pack->at("packed_bytes"), "packed weights");
    }
}

LoadedLibrary::Memory LoadedLibrary::allocate(size_t bytes, const char *what) const {
    Memory memory(static_cast<char *>(std::aligned_alloc(64, (bytes + 63) / 64 * 64)), std::free);
    if (memory) return memory;
    throw std::runtime_error(name_ + ": no memory for " + what + " of " + std::to_string(bytes) +
                             " bytes");
}

void *LoadedLibrary::symbol(const char *function) const {
    const std::string symbol_name = name_ + "_" + function;
    void *found = dlsym(handle_, symbol_name.c_str());
    if (!found) throw std::runtime_error("lib" + name_ + " has no function " + symbol_name);
    return found;
}

const nlohmann::json &LoadedLibrary::board() const {
    const std::string board_name = reinterpret_cast<const char *(*)()>(symbol("board"))();
    for (const auto &board : manifest_.at("boards")) {
        if (board.at("board") == board_name) return board;
    }
    throw std::runtime_error(name_ + ": no board of the library runs on this CPU");
}

std::vector<LoadedLibrary::Dims> LoadedLibrary::input_dims() const {
    std::vector<Dims> list;
    for (const auto &tensor : manifest_.at("inputs")) {
        if (packed_count_ == 0 || list.size() != first_packed_) {
            list.push_back(tensor.at("dims").get<Dims>());
            continue;
        }
        const nlohmann::json &pack = manifest_.at("pack");
        list.push_back(pack.at("weights").get<Dims>());
        if (pack.contains("bias")) list.push_back(pack.at("bias").get<Dims>());
    }
    return list;
}

std::vector<LoadedLibrary::Dims> LoadedLibrary::output_dims() const {
    std::vector<Dims> list;
    for (const auto &tensor : manifest_.at("outputs"))
        list.push_back(tensor.at("dims").get<Dims>());
    return list;
}

LoadedLibrary::Tensors LoadedLibrary::make_outputs() const {
    Tensors outputs;
    for (const Dims &d : output_dims()) outputs.emplace_back(float_count(d));
    return outputs;
}

void LoadedLibrary::throw_if_error(int code) const {
    if (code)
        throw std::runtime_error(
            name_ + ": " + reinterpret_cast<const char *(*)(int)>(symbol("error_text"))(code));
}

void LoadedLibrary::pack(const Tensors &inputs) {
    if (packed_count_ == 0) return;
    void *function = symbol("pack");
    const float *weights = inputs[first_packed_].data();
    if (packed_count_ == 1) {
        throw_if_error(
            reinterpret_cast<int (*)(const float *, void *)>(function)(weights, packed_.get()));
    } else {
        throw_if_error(reinterpret_cast<int (*)(const float *, const float *, void *)>(function)(
            weights, inputs[first_packed_ + 1].data(), packed_.get()));
    }
}

void LoadedLibrary::run(const Tensors &inputs, Tensors &outputs, int threads) {
    run_profiled(inputs, outputs, threads, nullptr, nullptr);
}

void LoadedLibrary::run_profiled(const Tensors &inputs, Tensors &outputs, int threads,
                                 void (*after_step)(void *, int), void *data) {
    std::vector<const float *> in;
    std::vector<float *> out;
    for (size_t i = 0; i < inputs.size(); i++) {
        const bool is_packed = i >= first_packed_ && i < first_packed_ + packed_count_;
        if (is_packed && i > first_packed_) continue;
        in.push_back(is_packed ? reinterpret_cast<float *>(packed_.get()) : inputs[i].data());
    }
    for (auto &tensor : outputs) out.push_back(tensor.data());
    using Run =
        int (*)(const float *const *, float *const *, void *, int, void (*)(void *, int), void *);
    throw_if_error(reinterpret_cast<Run>(symbol("run_profiled"))(
        in.data(), out.data(), arena_.get(), threads, after_step, data));
}

int64_t float_count(const std::vector<int64_t> &dims) {
    int64_t count = 1;
    for (int64_t d : dims) count *= d;
    return count;
}

LoadedLibrary::Tensors random_inputs(const LoadedLibrary &library) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    LoadedLibrary::Tensors inputs;
    for (const auto &dims : library.input_dims()) {
        std::vector<float> values(float_count(dims));
        for (float &value : values) value = normal(random);
        inputs.push_back(std::move(values));
    }
    return inputs;
}

}  // namespace convoy
