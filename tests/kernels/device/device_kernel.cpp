#include "tests/kernels/device/device_kernel.h"

#include <dlfcn.h>

#include <stdexcept>

#include "compiler/emit/kernel_object.h"
#include "compiler/emit/toolchain.h"

namespace convoy {

DeviceKernel::DeviceKernel(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    static const Toolchain tools;
    const std::filesystem::path object = folder_.path / "kernel.o",
                                library = folder_.path / "kernel.so";
    compile_object(template_of(schedule, board).build(kernel, schedule, board), board, "kernel",
                   object);
    tools.link_shared(board, {object}, library);
    // It stays loaded: the device's driver has parts of it.
    void *const loaded = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!loaded) throw std::runtime_error(dlerror());
    function_ = dlsym(loaded, "kernel");
}

void DeviceKernel::operator()(const std::vector<device_operand> &operands) const {
    if (device_call(function_, operands.data(), (int)operands.size()))
        throw std::runtime_error("the kernel or the device's driver returned an error");
}

}  // namespace convoy
