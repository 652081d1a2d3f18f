#include "compiler/emit/kernel_object.h"

#include <stdexcept>

namespace convoy {

namespace {

using namespace Halide;

// Halide turns allocations of more than 16 KiB and unknown size into calls of malloc.
class HeapAllocations : public Internal::IRVisitor {
public:
    std::string found;

private:
    using Internal::IRVisitor::visit;
    void visit(const Internal::Allocate *op) override {
        const bool on_stack =
            op->memory_type == MemoryType::Stack || op->memory_type == MemoryType::Register;
        const int64_t bytes = int64_t{op->constant_allocation_size()} * op->type.bytes();
        const bool on_heap = op->memory_type == MemoryType::Heap || bytes == 0 || bytes > 16 * 1024;
        if (!on_stack && on_heap) found = op->name;
        Internal::IRVisitor::visit(op);
    }
};

}  // namespace

void compile_object(const Kernel &kernel, const Schedule &schedule, const Board &board,
                    const std::string &symbol, const std::filesystem::path &object) {
    ScheduledKernel scheduled = template_of(schedule, board).build(kernel, schedule);
    const Target target(board.halide_target +
                        "-no_asserts-no_bounds_query-no_runtime-user_context");
    Module module = scheduled.output.compile_to_module(scheduled.arguments, symbol, target);
    HeapAllocations allocations;
    for (const auto &function : module.functions()) function.body.accept(&allocations);
    if (!allocations.found.empty())
        throw std::runtime_error("it allocates memory for " + allocations.found);
    module.compile({{OutputFileType::object, object.string()}});
}

}  // namespace convoy
