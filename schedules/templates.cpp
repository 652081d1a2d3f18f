#include <stdexcept>

#include "generators/grouped_conv2d.h"
#include "schedules/template.h"

namespace convoy {

namespace {

struct Family {
    const char *name;
    std::span<const Template> (*templates)();
};

constexpr Family families[] = {
    {"x86", x86_templates},
};

}  // namespace

std::vector<const Template *> templates_for(const Board &board) {
    std::vector<const Template *> list;
    for (const Family &family : families) {
        if (board.family != family.name) continue;
        for (const Template &t : family.templates()) list.push_back(&t);
    }
    for (const Template &t : reference_templates()) list.push_back(&t);
    return list;
}

const Template &template_of(const Schedule &schedule, const Board &board) {
    for (const Template *t : templates_for(board)) {
        if (schedule.template_name == t->name) return *t;
    }
    throw std::invalid_argument("board family '" + board.family + "' has no schedule template '" +
                                schedule.template_name + "'");
}

int weights_vector(const Schedule &schedule) {
    return schedule.at("vector");
}

bool packs_groups_in_lanes(const Conv2dKernel &kernel, const Schedule &schedule) {
    if (schedule.template_name == "group_lanes") return true;
    return schedule.template_name == "reference" && grouped_conv2d_accepts(kernel);
}

}  // namespace convoy
