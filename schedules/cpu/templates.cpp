#include <array>

#include "schedules/cpu/autoscheduled.h"
#include "schedules/cpu/group_lanes.h"
#include "schedules/cpu/gspc.h"
#include "schedules/cpu/oc_vectors.h"
#include "schedules/cpu/separable.h"
#include "schedules/cpu/strassen.h"
#include "schedules/cpu/transpose.h"
#include "schedules/cpu/two_level.h"
#include "schedules/cpu/vector_lanes.h"
#include "schedules/cpu/winograd.h"
#include "schedules/cpu/winograd_rows.h"

namespace convoy {

std::span<const Template> cpu_templates() {
    static const std::array list = {cpu::oc_vectors,    cpu::group_lanes,  cpu::winograd,
                                    cpu::winograd_rows, cpu::strassen,     cpu::gspc,
                                    cpu::separable,     cpu::two_level,    cpu::vector_lanes,
                                    cpu::transpose,     cpu::autoscheduled};
    return list;
}

}  // namespace convoy
