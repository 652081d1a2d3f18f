#include "schedules/schedule.h"

#include <stdexcept>

namespace convoy {

int Schedule::at(const std::string &parameter) const {
    const auto found = parameters.find(parameter);
    if (found == parameters.end()) {
        throw std::invalid_argument("schedule '" + to_string(*this) + "' lacks the parameter '" +
                                    parameter + "'");
    }
    return found->second;
}

std::string to_string(const Schedule &schedule) {
    std::string text = schedule.template_name;
    for (const auto &[name, value] : schedule.parameters)
        text += " " + name + "=" + std::to_string(value);
    return text;
}

}  // namespace convoy
