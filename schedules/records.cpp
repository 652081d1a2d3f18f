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

Records read_records(const std::filesystem::path &file) {
    std::ifstream stream(file);
    if (!stream) throw RecordError(file.string() + ": cannot be read");
    Records records;
    try {
        const nlohmann::json json = nlohmann::json::parse(stream);
        for (const auto &entry : json.at("records")) {
            Record record;
            record.schedule.template_name = entry.at("template");
            record.schedule.parameters = entry.at("parameters").get<std::map<std::string, int>>();
            record.template_version = entry.at("version");
            record.time_us = entry.at("time_us");
            records.add(entry.at("kernel"), std::move(record));
        }
    } catch (const nlohmann::json::exception &error) {
        throw RecordError(file.string() + ": not a record file: " + error.what());
    }
    return records;
}

Records load_records(const std::string &board) {
    const std::filesystem::path file = records_folder() / (board + ".json");
    return std::filesystem::exists(file) ? read_records(file) : Records{};
}

}  // namespace convoy
