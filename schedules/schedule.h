#pragma once

#include <map>
#include <string>
#include <vector>

#include "generators/kernel.h"
#include "targets/board.h"

namespace convoy {

// How a kernel is computed, as data: it can be listed, checked before compiling, written to a
// record, read back.
struct Schedule {
    std::string template_name;
    std::map<std::string, int> parameters;

    int at(const std::string &parameter) const;
    int at_or(const std::string &parameter, int otherwise) const;
    bool operator==(const Schedule &) const = default;
};

// How much of a parameter space is listed: the values that have proved useful, which is what a
// compilation ranks, or every legal one, among which the tuner searches.
enum class Span { usual, all };

// 1..most, or of the usual values those.
std::vector<int> lengths(Span span, int most, const std::vector<int> &usual);

// The divisors of a number, of them the usual values alone where that is what is asked for.
std::vector<int> divisors(Span span, int number, const std::vector<int> &usual);

// 1, 2, 4 .. most.
std::vector<int> powers_of_two(int most);

// "oc_vectors tile_oc=2 tile_oh=1 tile_ow=7".
std::string to_string(const Schedule &schedule);

}  // namespace convoy
