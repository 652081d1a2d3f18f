#include <array>

#include "schedules/cpu/autoscheduled.h"
#include "schedules/cpu/group_lanes.h"
#include "schedules/cpu/gspc.h"
#include "schedules/cpu/oc_vectors.h"
#include "schedules/cpu/separable.h"
#include "schedules/cpu/transpose.h"
#include "schedules/cpu/two_level.h"
#include "schedules/cpu/vector_lanes.h"
#include "schedules/cpu/winograd.h"

namespace convoy {

// Without winograd_rows: NEON's additions and multiply-adds take turns in the same units, and its
// products fill the registers that inputs need.
std::span<const Template> arm_templates() {
    static const std::array list = {cpu::channel_lanes, cpu::winograd_lanes, cpu::oc_vectors,
                                    cpu::group_lanes,   cpu::winograd,       cpu::gspc,
                                    cpu::separable,     cpu::two_level,      cpu::vector_lanes,
                                    cpu::transpose,     cpu::autoscheduled};
    return list;
}

}  // namespace convoy
