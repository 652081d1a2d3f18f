#include "compiler/interrupt.h"

#include <csignal>

namespace convoy {

namespace {

volatile std::sig_atomic_t interrupted = 0;

void note(int) {
    interrupted = 1;
}

}  // namespace

void note_interrupts() {
    struct sigaction action = {};
    action.sa_handler = note;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

void throw_if_interrupted() {
    if (interrupted) throw Interrupted();
}

}  // namespace convoy
