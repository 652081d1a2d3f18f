#pragma once

#include <vector>

#include "schedules/template.h"
#include "tests/kernels/device/device_driver.h"
#include "tests/temporary_folder.h"

namespace convoy {

// A scheduled kernel compiled for a GPU board as a library's is, and loaded into this process.
class DeviceKernel {
public:
    DeviceKernel(const Kernel &kernel, const Schedule &schedule, const Board &board);

    // One operand an argument, in the order of ScheduledKernel, the output's last. Throws
    // std::runtime_error when the kernel or the device's driver returns an error.
    void operator()(const std::vector<device_operand> &operands) const;

private:
    TemporaryFolder folder_;
    void *function_ = nullptr;
};

}  // namespace convoy
