#include "schedules/records.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "targets/data_folder.h"

namespace convoy {

const Record *Records::find(const std::string &kernel) const {
    const auto found = records_.find(kernel);
    return found == records_.end() ? nullptr : &found->second;
}

std::filesystem::path records_folder() {
    return data_folder("CONVOY_RECORDS", "records", "schedules/records");
}

namespace {

using nlohmann::json;

// An entry's value, converted; `where` is the file and the entry.
template<typename T>
T value_of(const json &entry, const std::string &where, const char *key, const char *expected) {
    if (!entry.contains(key)) {
        throw RecordError(where + ": \"" + key + "\" is missing, expected " + expected);
    }
    try {
        return entry.at(key).get<T>();
    } catch (const json::exception &) {
        throw RecordError(where + ": \"" + key + "\" is " + entry.at(key).dump() + ", expected " +
                          expected);
    }
}

json parse(const std::filesystem::path &file) {
    std::ifstream stream(file);
    if (!stream) throw RecordError(file.string() + ": cannot be read");
    try {
        return json::parse(stream);
    } catch (const json::exception &error) {
        throw RecordError(file.string() + ": not JSON: " + error.what());
    }
}

}  // namespace

Records read_records(const std::filesystem::path &file) {
    Records records;
    const auto entries =
        value_of<std::vector<json>>(parse(file), file.string(), "records", "a list of records");
    for (size_t i = 0; i < entries.size(); i++) {
        const json &entry = entries[i];
        const std::string where = file.string() + ": record " + std::to_string(i + 1);
        Record record;
        record.schedule.template_name =
            value_of<std::string>(entry, where, "template", "a template's name");
        record.schedule.parameters = value_of<std::map<std::string, int>>(
            entry, where, "parameters", "an object of whole numbers");
        record.template_version = value_of<int>(entry, where, "version", "a whole number");
        record.time_us = value_of<double>(entry, where, "time_us", "microseconds");
        records.add(value_of<std::string>(entry, where, "kernel", "a kernel's text"),
                    std::move(record));
    }
    return records;
}

Records load_records(const std::string &board) {
    const std::filesystem::path file = records_folder() / (board + ".json");
    return std::filesystem::exists(file) ? read_records(file) : Records{};
}

}  // namespace convoy
