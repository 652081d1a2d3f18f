#include "compiler/emit/library.h"

#include <algorithm>

namespace convoy {

int64_t Variant::scratch_bytes() const {
    int64_t bytes = 0;
    for (const CompiledKernel &kernel : kernels) bytes = std::max(bytes, kernel.scratch_bytes);
    return bytes;
}

int64_t Library::scratch_bytes() const {
    int64_t bytes = 0;
    for (const Variant &variant : variants) bytes = std::max(bytes, variant.scratch_bytes());
    return bytes;
}

bool Library::has_gpu() const {
    return std::any_of(variants.begin(), variants.end(),
                       [](const Variant &variant) { return variant.board.gpu.has_value(); });
}

int64_t Library::arena_bytes() const {
    int64_t bytes = overread_bytes;
    for (const Variant &variant : variants) {
        if (!variant.board.gpu) bytes = std::max(bytes, variant.arena_bytes());
    }
    return bytes;
}

int64_t Library::constant_bytes() const {
    int64_t bytes = 0;
    for (const Variant &variant : variants) bytes += variant.constants.bytes();
    return bytes;
}

int64_t Library::packed_floats() const {
    int64_t floats = 0;
    for (const Variant &variant : variants) floats = std::max(floats, variant.plan.packed_floats);
    return floats;
}

int64_t Library::packed_bytes() const {
    return 4 * inputs[packed_input].count();
}

std::string symbol_prefix(const std::string &library, const Board &board) {
    std::string prefix = library + "_" + board.name + "_";
    for (char &c : prefix) {
        if (!isalnum((unsigned char)c)) c = '_';
    }
    return prefix;
}

std::string comment_text(std::string text) {
    for (size_t at; (at = text.find("*/")) != std::string::npos;) text.replace(at, 2, "* ");
    return text;
}

}  // namespace convoy
