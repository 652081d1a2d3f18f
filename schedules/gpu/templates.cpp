#include <array>

#include "schedules/gpu/reference.h"
#include "schedules/gpu/separable.h"
#include "schedules/gpu/split.h"
#include "schedules/gpu/tiles.h"
#include "schedules/gpu/two_level.h"

namespace convoy {

std::span<const Template> gpu_templates() {
    static const std::array list = {gpu::tiles, gpu::split, gpu::separable, gpu::two_level};
    return list;
}

std::span<const Template> gpu_reference_templates() {
    return {&gpu::reference, 1};
}

}  // namespace convoy
