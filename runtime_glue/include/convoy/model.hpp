#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace convoy {

// What runs the parts of a kernel's loops on threads of the caller's: calls task(closure, index)
// once for each index below count, in any order, some or all at once, and returns when all have
// returned.
using ParallelFor = void (*)(void *pool, void (*task)(void *closure, int index), void *closure,
                             int count);

// A compiled network with an arena of its own: `Net` is the type that the library's header names
// after the model. Weights are in the library and shared. One Model serves one thread at a time;
// make one a thread.
//
//     convoy::Model<resnet34_g8> net;
//     net.run(input, output);
//
// Tensors are dense float32 in the model's own order of dims (NCHW for images). Throws
// std::invalid_argument when a size differs from the model's, std::runtime_error with the library's
// text when it reports an error.
template<typename Net>
class Model {
public:
    Model() : arena_(Net::arena_bytes()) {}

    // Threads that run may use: 1 to 256, 1 unless set.
    void set_threads(int threads) {
        threads_ = threads;
        fit_arena();
    }
    int threads() const { return threads_; }

    // Runs on threads of the caller's instead of the workers that all models share; `pool` is what
    // parallel_for gets. Null: on the workers again.
    void set_pool(ParallelFor parallel_for, void *pool) {
        parallel_for_ = parallel_for;
        pool_ = pool;
        fit_arena();
    }
    // The same with an object that outlives the model: pool(count, task) calls task(index) as
    // ParallelFor says, and throws nothing.
    //
    //     auto pool = [&](int count, auto task) { tbb::parallel_for(0, count, task); };
    //     net.set_pool(pool);
    template<typename Pool>
    void set_pool(Pool &pool) {
        set_pool(
            [](void *p, void (*task)(void *, int), void *closure, int count) {
                (*static_cast<Pool *>(p))(count, [=](int index) { task(closure, index); });
            },
            &pool);
    }

    static std::vector<int64_t> input_dims(int i = 0) { return dims(Net::input_shape, i, "input"); }
    static std::vector<int64_t> output_dims(int i = 0) {
        return dims(Net::output_shape, i, "output");
    }

    // For models of one input and one output.
    void run(std::span<const float> input, std::span<float> output) {
        run(std::initializer_list<std::span<const float>>{input},
            std::initializer_list<std::span<float>>{output});
    }

    void run(std::initializer_list<std::span<const float>> inputs,
             std::initializer_list<std::span<float>> outputs) {
        run(std::span(inputs.begin(), inputs.size()), std::span(outputs.begin(), outputs.size()));
    }

    // In the model's order of inputs and outputs.
    void run(std::span<const std::span<const float>> inputs,
             std::span<const std::span<float>> outputs) {
        constexpr int in_count = Net::inputs, out_count = Net::outputs;
        check_count("inputs", inputs.size(), in_count);
        check_count("outputs", outputs.size(), out_count);
        const float *in[in_count];
        float *out[out_count];
        for (int i = 0; i < in_count; i++) {
            check_size("input " + std::to_string(i), inputs[i].size(), Net::input_floats[i]);
            in[i] = inputs[i].data();
        }
        for (int i = 0; i < out_count; i++) {
            check_size("output " + std::to_string(i), outputs[i].size(), Net::output_floats[i]);
            out[i] = outputs[i].data();
        }
        throw_if_error(parallel_for_ ? Net::run_on_pool(in, out, arena_.memory(), threads_,
                                                        parallel_for_, pool_)
                                     : Net::run(in, out, arena_.memory(), threads_));
    }

protected:
    static void throw_if_error(int code) {
        if (code) throw std::runtime_error(std::string(Net::name) + ": " + Net::error_text(code));
    }
    static void check_size(const std::string &what, size_t found, size_t expected) {
        if (found == expected) return;
        throw std::invalid_argument(std::string(Net::name) + ": " + what + " has " +
                                    std::to_string(found) + " floats, expected " +
                                    std::to_string(expected));
    }

private:
    // Memory that a run works in.
    class Arena {
    public:
        explicit Arena(size_t bytes) : memory_(::operator new(bytes, alignment)), bytes_(bytes) {}
        ~Arena() { ::operator delete(memory_, alignment); }
        Arena(Arena &&other) noexcept
            : memory_(std::exchange(other.memory_, nullptr)), bytes_(other.bytes_) {}
        Arena &operator=(Arena &&other) noexcept {
            std::swap(memory_, other.memory_);
            std::swap(bytes_, other.bytes_);
            return *this;
        }
        void *memory() const { return memory_; }
        size_t bytes() const { return bytes_; }

    private:
        static constexpr std::align_val_t alignment{64};
        void *memory_;
        size_t bytes_;
    };

    // Threads of the caller's have their scratch memory in the arena.
    void fit_arena() {
        const size_t bytes = parallel_for_ ? Net::pool_arena_bytes(threads_) : Net::arena_bytes();
        if (bytes != arena_.bytes()) arena_ = Arena(bytes);
    }

    static std::vector<int64_t> dims(int (*shape)(int, int64_t *, int *), int i, const char *what) {
        int64_t extents[8];
        int rank = 0;
        if (shape(i, extents, &rank)) {
            throw std::invalid_argument(std::string(Net::name) + " has no " + what + " " +
                                        std::to_string(i));
        }
        return {extents, extents + rank};
    }
    static void check_count(const char *what, size_t found, size_t expected) {
        if (found == expected) return;
        throw std::invalid_argument(std::string(Net::name) + ": " + std::to_string(found) + " " +
                                    what + ", expected " + std::to_string(expected));
    }

    Arena arena_;
    int threads_ = 1;
    ParallelFor parallel_for_ = nullptr;
    void *pool_ = nullptr;
};

// A compiled layer that takes its weights at run time: packs them when it is made and owns what
// comes of that.
//
//     convoy::Layer<res2a> layer(weights, bias);  // (oc, ic/g, kh, kw) and, if it has one, (oc)
//     layer.run(input, output);
//     layer.run(input, addend, output);           // with +add
//
// Throws as Model does.
template<typename Net>
class Layer : Model<Net> {
    using Base = Model<Net>;

public:
    explicit Layer(std::span<const float> weights, std::span<const float> bias = {})
        : packed_(Net::packed_bytes / sizeof(Line)) {
        Base::check_size("weights", weights.size(), Net::weight_floats);
        Base::check_size("bias", bias.size(), Net::bias_floats);
        Base::throw_if_error(Net::pack(weights.data(), bias.data(), packed_.data()));
    }

    using Base::set_pool;
    using Base::set_threads;
    using Base::threads;

    void run(std::span<const float> input, std::span<float> output) {
        Base::run({input, packed()}, {output});
    }
    void run(std::span<const float> input, std::span<const float> addend, std::span<float> output) {
        Base::run({input, packed(), addend}, {output});
    }

private:
    struct alignas(64) Line {
        float floats[16];
    };
    std::span<const float> packed() const {
        return {packed_.data()->floats, Net::packed_bytes / sizeof(float)};
    }

    std::vector<Line> packed_;
};

}  // namespace convoy
