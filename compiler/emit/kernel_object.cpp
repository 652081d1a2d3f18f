#include "compiler/emit/kernel_object.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>

namespace convoy {

namespace {

using namespace Halide;

constexpr int64_t largest_on_stack = 16 * 1024;  // Halide's own limit
constexpr int64_t largest_scratch = 8 * 1024 * 1024;

// Sums what Halide turns into calls of halide_malloc and holds at once, in the thread that calls
// the kernel and in one that runs a task of it. A statement frees what it allocates before the
// next.
class HeapAllocations : public Internal::IRVisitor {
public:
    int64_t bytes = 0;

private:
    using Internal::IRVisitor::visit;
    void visit(const Internal::Allocate *op) override {
        Internal::IRVisitor::visit(op);
        if (op->memory_type == MemoryType::Register) return;
        const int64_t elements = op->constant_allocation_size();
        if (elements == 0)
            throw std::runtime_error("it allocates memory of no constant size for " + op->name);
        const int64_t size = (elements + op->padding) * op->type.bytes();
        if (size <= largest_on_stack && op->memory_type != MemoryType::Heap) return;
        if (op->memory_type == MemoryType::Stack)
            throw std::runtime_error("it takes " + std::to_string(size) + " bytes of stack for " +
                                     op->name + ", expected at most " +
                                     std::to_string(largest_on_stack));
        bytes += scratch_block_bytes(size);
    }
    void visit(const Internal::Call *op) override {
        Internal::IRVisitor::visit(op);
        if (op->name == "halide_device_malloc" || op->name == "halide_device_and_host_malloc")
            throw std::runtime_error("it allocates memory of the GPU");
    }
    void visit(const Internal::Block *op) override { visit_either(op->first, op->rest); }
    void visit(const Internal::IfThenElse *op) override {
        visit_either(op->then_case, op->else_case);
    }
    void visit_either(const Internal::Stmt &a, const Internal::Stmt &b) {
        const int64_t before = bytes;
        a.accept(this);
        const int64_t after_a = bytes;
        bytes = before;
        if (b.defined()) b.accept(this);
        bytes = std::max(bytes, after_a);
    }
};

int constant(const Expr &e) {
    const auto value = Internal::as_const_int(Internal::simplify(e));
    if (!value) throw std::runtime_error("it launches blocks of no constant size");
    return (int)*value;
}

// Calls of halide_cuda_run and halide_opencl_run: module, entry, blocks, threads, shared bytes,
// arguments.
class Launches : public Internal::IRVisitor {
public:
    std::vector<KernelLaunch> list;

private:
    using Internal::IRVisitor::visit;
    void visit(const Internal::Call *op) override {
        Internal::IRVisitor::visit(op);
        if (op->name != "halide_cuda_run" && op->name != "halide_opencl_run") return;
        KernelLaunch launch;
        launch.entry = op->args[1].as<Internal::StringImm>()->value;
        for (int d = 0; d < 3; d++) {
            launch.blocks[d] = constant(op->args[2 + d]);
            launch.threads[d] = constant(op->args[5 + d]);
        }
        launch.shared_bytes = constant(op->args[8]);
        list.push_back(launch);
    }
};

void expect_within(int found, int limit, const char *what) {
    if (found > limit)
        throw std::runtime_error("a block takes " + std::to_string(found) + " " + what +
                                 ", expected at most " + std::to_string(limit));
}

}  // namespace

std::vector<KernelLaunch> launches_of(const Halide::Module &module) {
    Launches launches;
    for (const auto &function : module.functions()) function.body.accept(&launches);
    return launches.list;
}

Halide::Module module_of(const ScheduledKernel &scheduled, const Board &board,
                         const std::string &symbol) {
    const Target target(board.halide_target +
                        "-no_asserts-no_bounds_query-no_runtime-user_context");
    Func output = scheduled.output;
    return output.compile_to_module(scheduled.arguments, symbol, target);
}

int64_t compile_object(const ScheduledKernel &scheduled, const Board &board,
                       const std::string &symbol, const std::filesystem::path &object,
                       const std::filesystem::path &assembly) {
    Module module = module_of(scheduled, board, symbol);
    HeapAllocations allocations;
    for (const auto &function : module.functions()) function.body.accept(&allocations);
    if (allocations.bytes > largest_scratch)
        throw std::runtime_error("it needs " + std::to_string(allocations.bytes) +
                                 " bytes of scratch memory, expected at most " +
                                 std::to_string(largest_scratch));
    if (board.gpu) {
        for (const KernelLaunch &launch : launches_of(module)) {
            expect_within(launch.block_threads(), board.gpu->threads_per_block, "threads");
            expect_within(launch.shared_bytes, board.gpu->shared_bytes, "bytes of shared memory");
        }
    }
    std::map<OutputFileType, std::string> files = {{OutputFileType::object, object.string()}};
    if (!assembly.empty()) files[OutputFileType::assembly] = assembly.string();
    module.compile(files);
    return allocations.bytes;
}

}  // namespace convoy
