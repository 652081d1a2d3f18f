#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "schedules/tuned_record.h"

namespace convoy {

// Record files are JSON: {"format": "convoy-records-1", "records": [{"kernel", "threads", "board",
// "cpu", "halide", "template", "version", "parameters", "time_us", "default_us", "measurements",
// "at"}]}, no two records of one key.

// Throws RecordError naming the file, the entry and the key at fault.
std::vector<TunedRecord> read_record_file(const std::filesystem::path &file);

// The text of a file: a line a record, by kernel. The same records make the same text.
std::string record_file_text(std::vector<TunedRecord> records);

// The file appears whole, or is left as it was. Throws RecordError naming it.
void write_record_file(const std::filesystem::path &file, std::vector<TunedRecord> records);

}  // namespace convoy
