#pragma once

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

#include "schedules/schedule.h"

namespace convoy {

struct RecordError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A measured schedule of one kernel on one board.
struct Record {
    Schedule schedule;
    int template_version = 0;
    double time_us = 0;  // one thread, median
};

// The schedules measured to be best on a board, by the kernel's text (shape, layouts, epilogue). A
// record file is JSON: {"board", "cpu", "halide", "records": [{"kernel", "template", "version",
// "parameters", "time_us"}]}.
class Records {
public:
    const Record *find(const std::string &kernel) const;
    void add(const std::string &kernel, Record record) { records_[kernel] = std::move(record); }
    size_t size() const { return records_.size(); }

private:
    std::map<std::string, Record> records_;
};

// The folder of record files: $CONVOY_RECORDS, else beside the installed tool, else the source
// tree's.
std::filesystem::path records_folder();

// Throws RecordError naming the file and the key at fault.
Records read_records(const std::filesystem::path &file);

// records_folder()/<board>.json, or no records where there is no such file.
Records load_records(const std::string &board);

}  // namespace convoy
