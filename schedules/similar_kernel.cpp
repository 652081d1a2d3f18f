#include "schedules/similar_kernel.h"

#include <regex>

namespace convoy {

std::string similar_kernel(const std::string &kernel) {
    // "conv2d [mb2]g1ic8..[+bias][+relu] nChw8c[+1,1,1,1]->nChw8c[+1,1,1,1][ add nChw8c]"
    static const std::regex parts(R"(conv2d ([^+ ]+)\S* (\S+)->(\S+).*)");
    static const std::regex halo(R"(\+\d+,\d+,\d+,\d+)");
    std::smatch found;
    if (!std::regex_match(kernel, found, parts)) return {};
    const auto layout = [](const std::string &view) { return std::regex_replace(view, halo, ""); };
    return found[1].str() + " " + layout(found[2]) + "->" + layout(found[3]);
}

}  // namespace convoy
