#include "compiler/plan/rounding.h"

#include <random>
#include <vector>

#include "compiler/plan/strassen_error.h"
#include "compiler/plan/winograd_error.h"
#include "schedules/template.h"

namespace convoy {

namespace {

std::vector<float> random_weights(int64_t count) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::vector<float> weights((size_t)count);
    for (float &weight : weights) weight = normal(random);
    return weights;
}

}  // namespace

RelativeError rounding_error(const Conv2dKernel &kernel, const Schedule &schedule,
                             const Constant &weights) {
    const Packing packing = packing_of(kernel, schedule);
    if (packing.size() == 0) return {};
    const ConvProblem &p = kernel.problem;
    std::vector<float> random;
    if (!weights) random = random_weights(p.weight_count());
    const float *data = weights ? weights->data() : random.data();
    if (packing.form == Packing::Form::strassen) return strassen_error(p, packing.m, data);
    const bool is_rows_only = packing.form == Packing::Form::winograd_rows;
    return winograd_error(p, is_rows_only ? 1 : packing.m_oh, packing.m, data);
}

}  // namespace convoy
