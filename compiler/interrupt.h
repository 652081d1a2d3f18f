#pragma once

#include <stdexcept>

namespace convoy {

// Thrown where work in progress notices that the user has interrupted it.
struct Interrupted : std::runtime_error {
    Interrupted() : std::runtime_error("interrupted") {}
};

// From now on SIGINT and SIGTERM only leave a note, which throw_if_interrupted() acts on.
void note_interrupts();
void throw_if_interrupted();

}  // namespace convoy
