#include "schedules/schedule.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace convoy {

int Schedule::at_or(const std::string &parameter, int otherwise) const {
    const auto found = parameters.find(parameter);
    return found == parameters.end() ? otherwise : found->second;
}

int Schedule::at(const std::string &parameter) const {
    const auto found = parameters.find(parameter);
    if (found == parameters.end()) {
        throw std::invalid_argument("schedule '" + to_string(*this) + "' lacks the parameter '" +
                                    parameter + "'");
    }
    return found->second;
}

std::vector<int> lengths(Span span, int most, const std::vector<int> &usual) {
    std::vector<int> list;
    if (span == Span::usual) {
        std::copy_if(usual.begin(), usual.end(), std::back_inserter(list),
                     [&](int value) { return value <= most; });
    } else {
        for (int value = 1; value <= most; value++) list.push_back(value);
    }
    return list;
}

std::vector<int> divisors(Span span, int number, const std::vector<int> &usual) {
    std::vector<int> list = lengths(span, number, usual);
    std::erase_if(list, [&](int value) { return value < 1 || number % value != 0; });
    return list;
}

std::vector<int> powers_of_two(int most) {
    std::vector<int> list;
    for (int value = 1; value <= most; value *= 2) list.push_back(value);
    return list;
}

std::string to_string(const Schedule &schedule) {
    std::string text = schedule.template_name;
    for (const auto &[name, value] : schedule.parameters)
        text += " " + name + "=" + std::to_string(value);
    return text;
}

}  // namespace convoy
