#include <algorithm>
#include <stdexcept>

#include "generators/grouped_conv2d.h"
#include "schedules/template.h"

namespace convoy {

namespace {

struct Family {
    const char *name;
    std::span<const Template> (*templates)(), (*fallback)();
};

constexpr Family families[] = {
    {"x86", cpu_templates, reference_templates},
    {"arm", arm_templates, reference_templates},
    {"gpu", gpu_templates, gpu_reference_templates},
};

}  // namespace

std::vector<const Template *> templates_for(const Board &board) {
    std::vector<const Template *> list;
    for (const Family &family : families) {
        if (board.family != family.name) continue;
        for (const Template &t : family.templates()) list.push_back(&t);
        for (const Template &t : family.fallback()) list.push_back(&t);
    }
    return list;
}

const Template &template_of(const Schedule &schedule, const Board &board) {
    for (const Template *t : templates_for(board)) {
        if (schedule.template_name == t->name) return *t;
    }
    throw std::invalid_argument("board family '" + board.family + "' has no schedule template '" +
                                schedule.template_name + "'");
}

std::vector<const Template *> all_templates() {
    std::vector<const Template *> list;
    for (const Family &family : families) {
        for (const auto &templates : {family.templates(), family.fallback()})
            for (const Template &t : templates) list.push_back(&t);
    }
    return list;
}

bool is_template(const std::string &name, int version) {
    const std::vector<const Template *> all = all_templates();
    return std::any_of(all.begin(), all.end(),
                       [&](const Template *t) { return t->name == name && t->version == version; });
}

Packing packing_of(const Conv2dKernel &kernel, const Schedule &schedule) {
    const std::string &name = schedule.template_name;
    if (name == "winograd" || name == "winograd_lanes")
        return {Packing::Form::winograd,
                schedule.at("vector"),
                schedule.at("m"),
                1,
                schedule.at("tile_oc"),
                schedule.at("chunk_oc"),
                schedule.at_or("m_oh", schedule.at("m"))};
    if (name == "strassen")
        return {Packing::Form::strassen, schedule.at("vector"),  schedule.at("levels"), 1,
                schedule.at("tile_oc"),  schedule.at("chunk_oc")};
    if (name == "winograd_rows")
        return {Packing::Form::winograd_rows, schedule.at("tile_oc"), schedule.at("m")};
    if (name == "group_lanes" || name == "gpu_tiles" || name == "gpu_split")
        return {Packing::Form::group_lanes, schedule.at("tile_oc")};
    if ((name == "reference" || name == "autoscheduled") && grouped_conv2d_accepts(kernel))
        return {Packing::Form::group_lanes};
    if (name == "gspc")
        return {Packing::Form::gspc, schedule.at("tile_oc"), 0, schedule.at("tile_ic")};
    return {Packing::Form::oc_vectors, schedule.at("vector")};
}

bool is_plain(const Kernel &kernel) {
    return std::holds_alternative<SoftmaxKernel>(kernel) ||
           std::holds_alternative<ReduceKernel>(kernel) ||
           std::holds_alternative<MatMulKernel>(kernel);
}

bool has_plain_layouts(const Kernel &kernel) {
    return std::visit(
        [](const auto &k) { return k.input.layout == Layout{} && k.output.layout == Layout{}; },
        kernel);
}

}  // namespace convoy
