#include <array>

#include "schedules/x86/group_lanes.h"
#include "schedules/x86/gspc.h"
#include "schedules/x86/oc_vectors.h"
#include "schedules/x86/separable.h"
#include "schedules/x86/transpose.h"
#include "schedules/x86/two_level.h"
#include "schedules/x86/vector_lanes.h"
#include "schedules/x86/winograd.h"
#include "schedules/x86/winograd_rows.h"

namespace convoy {

std::span<const Template> x86_templates() {
    static const std::array list = {x86::oc_vectors,    x86::group_lanes,  x86::winograd,
                                    x86::winograd_rows, x86::gspc,         x86::separable,
                                    x86::two_level,     x86::vector_lanes, x86::transpose};
    return list;
}

}  // namespace convoy
