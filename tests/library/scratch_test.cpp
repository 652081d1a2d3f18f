// Kernels that allocate: what the compiler counts, and that a library serves them.

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <convoy/model.hpp>
#include <filesystem>
#include <numeric>
#include <thread>

#include "compiler/emit/kernel_object.h"
#include "compiler/emit/library.h"
#include "compiler/emit/staging.h"
#include "compiler/emit/toolchain.h"
#include "tests/library/guarded_buffer.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;
using namespace Halide;

constexpr int rows = 24;

// output(x, y) = sums of neighbours of twice the input plus y. `doubled` lies outside the parallel
// loop; `shifted` and `sums` inside, of which the first is freed before the second; `shifted` is
// computed by a parallel loop of its own. (x, y)
ScheduledKernel allocating_kernel(int columns) {
    ImageParam input(Float(32), 2, "input");
    Func doubled("doubled"), shifted("shifted"), sums("sums"), output("output");
    Var x("x"), y("y"), part("part");
    doubled(x, y) = 2 * input(x, y);
    shifted(x, y) = doubled(x, y) + cast<float>(y);
    sums(x, y) = shifted(x, y) + shifted(x + 1, y);
    output(x, y) = sums(x, y) + sums(x + 1, y);
    doubled.compute_root().vectorize(x, 16);
    shifted.compute_at(output, y).split(x, part, x, 512).vectorize(x, 16).parallel(part);
    sums.compute_at(output, y).vectorize(x, 16);
    output.vectorize(x, 16).parallel(y);
    input.dim(0).set_bounds(0, columns + 2).set_stride(1);
    input.dim(1).set_bounds(0, rows).set_stride(columns + 2);
    OutputImageParam out = output.output_buffer();
    out.dim(0).set_bounds(0, columns).set_stride(1);
    out.dim(1).set_bounds(0, rows).set_stride(columns);
    return {output, {input}};
}

// A library of one step, emitted as compile_model does.
class AllocatingLibrary {
public:
    AllocatingLibrary(const std::string &name, int columns)
        : staging_(fs::temp_directory_path() / ("convoy-" + name)), columns_(columns) {
        const fs::path work = staging_.work();
        const Board board = load_board("host");
        const View in{.c = rows, .w = columns + 2, .blocks = rows},
            out{.c = rows, .w = columns, .blocks = rows};
        Library library{name, "scratch_test.cpp"};
        Variant &variant = library.variants.emplace_back(Variant{board, {}, {}, {}});
        variant.plan.tensors = {{"input", in, PlanTensor::Place::input},
                                {"output", out, PlanTensor::Place::output}};
        variant.plan.kernels = {ElementwiseKernel{in, out}};
        variant.plan.steps = {{"step", variant.plan.kernels[0], {0, 0}, {1, 0}}};
        variant.constants.steps.resize(1);
        const std::string symbol = symbol_prefix(library.name, board) + "k0";
        CompiledKernel &kernel = variant.kernels.emplace_back();
        kernel.object = work / "k0.o";
        kernel.scratch_bytes =
            compile_object(allocating_kernel(columns), board, symbol, kernel.object);
        kernel.ranked.most_threads = 256;
        scratch_bytes = kernel.scratch_bytes;
        library.inputs = {{"input", {rows, columns + 2}}};
        library.outputs = {{"output", {rows, columns}}};
        const Toolchain tools;
        write_file(work / "driver.c", driver_source(library));
        tools.compile(board, work / "driver.c", work / "driver.o");
        const fs::path file = work / ("lib" + name + ".so");
        tools.link_shared(board, {work / "driver.o", kernel.object}, file);
        void *loaded = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!loaded) throw std::runtime_error(dlerror());
        const auto look_up = [&]<typename Function>(const char *function, Function &found) {
            found = reinterpret_cast<Function>(dlsym(loaded, (name + "_" + function).c_str()));
            if (!found) throw std::runtime_error(std::string("no function ") + function);
        };
        look_up("arena_bytes", arena_bytes);
        look_up("pool_arena_bytes", pool_arena_bytes);
        look_up("run", run_);
        look_up("run_on_pool", run_on_pool_);
    }

    std::vector<float> numbers() const {
        std::vector<float> input((columns_ + 2) * rows);
        for (size_t i = 0; i < input.size(); i++) input[i] = (float)(i * 7 % 101);
        return input;
    }

    std::vector<float> expected(const std::vector<float> &input) const {
        std::vector<float> output;
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < columns_; x++) {
                const float *at = input.data() + y * (columns_ + 2) + x;
                output.push_back(2 * (at[0] + 2 * at[1] + at[2]) + 4.0f * (float)y);
            }
        }
        return output;
    }

    // In buffers that nothing may be written outside of.
    std::vector<float> output(const std::vector<float> &input, int threads,
                              ParallelFor parallel_for = nullptr, void *pool = nullptr) const {
        GuardedBuffer arena(parallel_for ? pool_arena_bytes(threads) : arena_bytes()),
            out(columns_ * rows * sizeof(float));
        arena.fill(std::numeric_limits<float>::quiet_NaN());
        const float *inputs[] = {input.data()};
        float *outputs[] = {out.floats().data()};
        EXPECT_EQ(parallel_for
                      ? run_on_pool_(inputs, outputs, arena.data(), threads, parallel_for, pool)
                      : run_(inputs, outputs, arena.data(), threads),
                  0);
        EXPECT_TRUE(arena.is_intact());
        EXPECT_TRUE(out.is_intact());
        return {out.floats().begin(), out.floats().end()};
    }

    int64_t scratch_bytes = 0;
    size_t (*arena_bytes)() = nullptr;
    size_t (*pool_arena_bytes)(int) = nullptr;

private:
    const Staging staging_;
    const int columns_;
    int (*run_)(const float *const *, float *const *, void *, int) = nullptr;
    int (*run_on_pool_)(const float *const *, float *const *, void *, int, ParallelFor,
                        void *) = nullptr;
};

constexpr int width = 6000;

class Scratch : public testing::Test {
protected:
    static void SetUpTestSuite() {
        // Workers are created with the smaller memory, and meet the larger one later.
        small = new AllocatingLibrary("small_scratch", 5000);
        library = new AllocatingLibrary("scratch", width);
    }
    static void TearDownTestSuite() {
        delete small;
        delete library;
    }

    static inline AllocatingLibrary *small = nullptr, *library = nullptr;
};

int threads_of_this_process() {
    const fs::directory_iterator tasks("/proc/self/task");
    return (int)std::distance(begin(tasks), end(tasks));
}

TEST_F(Scratch, OfAWorkerIsLargeEnoughForEachLibrary) {
    const std::vector<float> small_input = small->numbers(), input = library->numbers(),
                             small_right = small->expected(small_input),
                             right = library->expected(input);
    ASSERT_LT(small->scratch_bytes, library->scratch_bytes);
    const int before = threads_of_this_process();
    for (int round = 0; round < 10; round++) {
        ASSERT_EQ(small->output(small_input, 4), small_right);
        ASSERT_EQ(library->output(input, 4), right);
    }
    EXPECT_EQ(threads_of_this_process(), before + 3);  // loaded where neither sees the other
}

TEST_F(Scratch, IsCountedInTheArena) {
    // One plane outside the parallel loop, two rows inside.
    const int64_t least = (int64_t{width} * rows + 2 * width) * 4,
                  scratch_bytes = library->scratch_bytes;
    EXPECT_GE(scratch_bytes, least);
    EXPECT_LE(scratch_bytes, least + 4096);
    EXPECT_EQ((int64_t)library->arena_bytes(), scratch_bytes + 2 * overread_bytes);
    for (int threads : {-1, 0, 1})
        EXPECT_EQ(library->pool_arena_bytes(threads), library->arena_bytes());
    EXPECT_EQ((int64_t)library->pool_arena_bytes(4), 4 * scratch_bytes + 5 * overread_bytes);
}

TEST_F(Scratch, GivesTheSameOnAnyNumberOfThreads) {
    const std::vector<float> input = library->numbers(), right = library->expected(input);
    for (int threads = 1; threads <= 8; threads++) {
        for (int round = 0; round < 10; round++)
            ASSERT_EQ(library->output(input, threads), right) << threads << " threads";
    }
}

TEST_F(Scratch, ServesSeveralCallersAtOnce) {
    const std::vector<float> input = library->numbers(), right = library->expected(input);
    int wrong[4] = {};
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 4; caller++) {
        callers.emplace_back([&, caller] {
            for (int round = 0; round < 20; round++)
                wrong[caller] += library->output(input, 1 + caller) != right;
        });
    }
    for (std::thread &caller : callers) caller.join();
    for (int count : wrong) EXPECT_EQ(count, 0);
}

// A thread a share, the last one first.
void on_threads(void *, void (*task)(void *, int), void *closure, int count) {
    std::vector<std::thread> threads;
    for (int i = count - 1; i >= 0; i--) threads.emplace_back(task, closure, i);
    for (std::thread &thread : threads) thread.join();
}

TEST_F(Scratch, OfEachThreadOfTheCallersPoolIsItsOwn) {
    const std::vector<float> input = library->numbers(), right = library->expected(input);
    for (int threads = 1; threads <= 8; threads++) {
        for (int round = 0; round < 10; round++)
            ASSERT_EQ(library->output(input, threads, on_threads), right) << threads << " threads";
    }
}

TEST(ScratchLimits, AreErrors) {
    const Board board = load_board("host");
    const fs::path object = fs::temp_directory_path() / "convoy-scratch-never-written.o";
    const auto error = [&](const ScheduledKernel &kernel) -> std::string {
        try {
            compile_object(kernel, board, "k", object);
        } catch (const std::exception &e) {
            return e.what();
        }
        return "none";
    };
    EXPECT_NE(error(allocating_kernel(width * 16)).find("scratch memory, expected at most 8388608"),
              std::string::npos);

    Func inner("inner"), outer("outer");
    Var x("x");
    inner(x) = cast<float>(x);
    outer(x) = inner(x) + inner(x + 1);
    inner.compute_root();
    EXPECT_EQ(error({outer, {}}), "it allocates memory of no constant size for inner");

    Func large("large"), last("last");
    large(x) = cast<float>(x);
    last(x) = large(x) + large(x + 1);
    large.compute_root().store_in(MemoryType::Stack);
    last.output_buffer().dim(0).set_bounds(0, 8192);
    EXPECT_NE(error({last, {}}).find("bytes of stack for large, expected at most 16384"),
              std::string::npos);
    EXPECT_FALSE(fs::exists(object));
}

}  // namespace
}  // namespace convoy
