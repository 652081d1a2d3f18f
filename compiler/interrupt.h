#pragma once

#include <stdexcept>
#include <string>

namespace convoy {

// Thrown where work in progress notices that the user has interrupted it.
struct Interrupted : std::runtime_error {
    // What has become of the work.
    explicit Interrupted(const std::string &outcome = "nothing was written")
        : std::runtime_error("interrupted, " + outcome) {}
};

// From now on SIGINT and SIGTERM only leave a note, which throw_if_interrupted() acts on.
void note_interrupts();
void throw_if_interrupted();

}  // namespace convoy
