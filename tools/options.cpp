#include "tools/options.h"

#include <charconv>
#include <stdexcept>

namespace convoy {

Layer parse_layer_argument(const std::filesystem::path &argument) {
    try {
        return parse_layer(argument.string());
    } catch (const std::invalid_argument &error) {
        throw std::invalid_argument("no such file, and no layer: " + std::string(error.what()));
    }
}

void add_records_option(CLI::App &command, std::vector<std::filesystem::path> &files) {
    command
        .add_option("--records", files,
                    "A file of records, as 'convoy records export' writes; its records win over "
                    "the user's database and the project's. May be repeated")
        ->allow_extra_args(false);
}

std::map<std::string, int64_t> parse_dims(const std::vector<std::string> &texts) {
    std::map<std::string, int64_t> dims;
    for (const std::string &text : texts) {
        const size_t equals = text.find('=');
        int64_t value = 0;
        const char *end = text.data() + text.size();
        const auto parsed = equals == std::string::npos || equals == 0
                                ? std::from_chars_result{end, std::errc::invalid_argument}
                                : std::from_chars(text.data() + equals + 1, end, value);
        if (parsed.ec != std::errc{} || parsed.ptr != end || value < 1) {
            throw std::invalid_argument("--dim '" + text +
                                        "': expected NAME=VALUE with a positive value, as N=1");
        }
        dims[text.substr(0, equals)] = value;
    }
    return dims;
}

}  // namespace convoy
