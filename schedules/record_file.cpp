#include "schedules/record_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace convoy {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char *format = "convoy-records-1";

std::string shown(const json &value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

template<typename T>
bool fits(const json &number) {
    constexpr auto most = std::numeric_limits<T>::max(), least = std::numeric_limits<T>::min();
    if (number.is_number_unsigned()) return number.get<uint64_t>() <= (uint64_t)most;
    return number.is_number_integer() && number.get<int64_t>() >= least &&
           number.get<int64_t>() <= most;
}

// One object of a file, read key by key; `where_` is the file and the entry.
class Entry {
public:
    Entry(const json &object, std::string where) : object_(object), where_(std::move(where)) {}

    const json &value(const char *key, const char *expected) const {
        const auto found = object_.is_object() ? object_.find(key) : object_.end();
        if (!object_.is_object() || found == object_.end())
            throw RecordError(where_ + ": \"" + key + "\" is missing, expected " + expected);
        return *found;
    }

    [[noreturn]] void fail(const char *key, const json &found, const char *expected) const {
        throw RecordError(where_ + ": \"" + key + "\" is " + shown(found) + ", expected " +
                          expected);
    }

    std::string text(const char *key, const char *expected) const {
        const json &found = value(key, expected);
        if (!found.is_string()) fail(key, found, expected);
        return found.get<std::string>();
    }

    template<typename T>
    T whole(const char *key) const {
        const json &found = value(key, "a whole number");
        if (!fits<T>(found)) fail(key, found, "a whole number");
        return found.get<T>();
    }

    double number(const char *key) const {
        const json &found = value(key, "microseconds");
        if (!found.is_number()) fail(key, found, "microseconds");
        return found.get<double>();
    }

    std::map<std::string, int> parameters(const char *key) const {
        constexpr const char *expected = "an object of whole numbers";
        const json &found = value(key, expected);
        if (!found.is_object()) fail(key, found, expected);
        std::map<std::string, int> parameters;
        for (const auto &[name, parameter] : found.items()) {
            if (!fits<int>(parameter)) fail(key, found, expected);
            parameters[name] = parameter.get<int>();
        }
        return parameters;
    }

private:
    const json &object_;
    std::string where_;
};

json parse(const fs::path &file) {
    std::error_code ignored;
    std::ifstream stream(file);
    if (!stream || fs::is_directory(file, ignored))
        throw RecordError(file.string() + ": cannot be read");
    try {
        return json::parse(stream);
    } catch (const json::exception &error) {
        throw RecordError(file.string() + ": not JSON: " + error.what());
    }
}

TunedRecord record_of(const json &object, const std::string &where) {
    const Entry entry(object, where);
    TunedRecord record;
    record.kernel = entry.text("kernel", "a kernel's text");
    record.threads = entry.whole<int>("threads");
    record.board = entry.text("board", "a board's name");
    record.cpu = entry.text("cpu", "a processor's name");
    record.halide = entry.text("halide", "a version of Halide");
    record.schedule.template_name = entry.text("template", "a template's name");
    record.schedule.parameters = entry.parameters("parameters");
    record.template_version = entry.whole<int>("version");
    record.time_us = entry.number("time_us");
    record.default_us = entry.number("default_us");
    record.predicted_us = entry.number("predicted_us");
    record.measurements = entry.whole<int>("measurements");
    record.at = entry.whole<int64_t>("at");
    if (const std::string problem = problem_of(record); !problem.empty())
        throw RecordError(where + ": " + problem);
    return record;
}

ordered_json json_of(const TunedRecord &r) {
    return {{"kernel", r.kernel},
            {"threads", r.threads},
            {"board", r.board},
            {"cpu", r.cpu},
            {"halide", r.halide},
            {"template", r.schedule.template_name},
            {"version", r.template_version},
            {"parameters", r.schedule.parameters},
            {"time_us", r.time_us},
            {"default_us", r.default_us},
            {"predicted_us", r.predicted_us},
            {"measurements", r.measurements},
            {"at", r.at}};
}

bool write_all(int file, const std::string &text) {
    for (size_t done = 0; done < text.size();) {
        const ssize_t written = write(file, text.data() + done, text.size() - done);
        if (written < 0 && errno != EINTR) return false;
        if (written > 0) done += (size_t)written;
    }
    return true;
}

}  // namespace

std::vector<TunedRecord> read_record_file(const fs::path &file) {
    const json content = parse(file);
    const Entry top(content, file.string());
    constexpr const char *expected_format = "\"convoy-records-1\"";
    const std::string found = top.text("format", expected_format);
    if (found != format) top.fail("format", found, expected_format);
    const json &entries = top.value("records", "a list of records");
    if (!entries.is_array()) top.fail("records", entries, "a list of records");

    std::vector<TunedRecord> records;
    std::map<std::tuple<std::string, int, std::string, std::string, std::string>, size_t> seen;
    for (size_t i = 0; i < entries.size(); i++) {
        const std::string where = file.string() + ": record " + std::to_string(i + 1);
        records.push_back(record_of(entries[i], where));
        const auto [first, is_new] = seen.insert({key(records.back()), i + 1});
        if (!is_new)
            throw RecordError(where + ": has the key of record " + std::to_string(first->second) +
                              ", expected one record of a kernel, threads, board, cpu and halide");
    }
    return records;
}

std::string record_file_text(std::vector<TunedRecord> records) {
    std::sort(records.begin(), records.end(),
              [](const TunedRecord &a, const TunedRecord &b) { return key(a) < key(b); });
    std::string text = "{\"format\": \"" + std::string(format) + "\", \"records\": [";
    for (size_t i = 0; i < records.size(); i++)
        text += (i ? ",\n" : "\n") +
                json_of(records[i]).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    return text + "\n]}\n";
}

void write_record_file(const fs::path &file, std::vector<TunedRecord> records) {
    const std::string text = record_file_text(std::move(records));
    fs::path aside = file;
    aside += ".convoy-" + std::to_string(getpid());
    const int opened = open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool is_written = opened >= 0 && write_all(opened, text) && fsync(opened) == 0;
    int reason = is_written ? 0 : errno;
    if (opened >= 0 && close(opened) != 0 && is_written) {
        is_written = false;
        reason = errno;
    }
    if (is_written && rename(aside.c_str(), file.c_str()) == 0) return;
    if (is_written) reason = errno;
    if (opened >= 0) unlink(aside.c_str());
    throw RecordError(file.string() + ": cannot be written: " + std::strerror(reason));
}

}  // namespace convoy
