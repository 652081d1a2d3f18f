#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "schedules/tuned_record.h"

namespace SQLite {
class Database;
}

namespace convoy {

// One schedule that tuning tried, and what came of it.
struct Measurement {
    enum class Outcome { measured, not_compiled, compile_timeout, crashed, timeout, wrong };

    std::string session;  // of which run of the tuner
    std::string kernel;   // the text of to_string(Kernel)
    int threads = 1;
    std::string board, cpu, halide;
    Schedule schedule;
    int template_version = 0;
    Outcome outcome = Outcome::measured;
    std::string detail;  // what went wrong, for people
    double time_us = 0;  // 0 unless measured
    double predicted_us = 0;
    std::map<std::string, double> features;  // what the cost model learns from
    int64_t at = 0;                          // seconds since 1970

    bool operator==(const Measurement &) const = default;
};

const char *to_string(Measurement::Outcome outcome);

// What is not set takes any.
struct MeasurementFilter {
    std::optional<std::string> board, kernel, cpu, session;
    std::optional<int> threads;
};

struct RecordFilter {
    std::optional<std::string> board, kernel, cpu;
    std::optional<int> threads;
};

struct MergeCounts {
    int added = 0, replaced = 0, kept = 0;
};

// A tuning database: everything that was measured, and of each kernel the best. Several programs
// may write to one file at once, each through a store of its own; what add() or put() returned
// from stays, whatever happens to the program. A store is for one thread, and not for a child that
// a program with a store forks. All throw RecordError that names the file.
class RecordStore {
public:
    enum class Access { read, write };

    // For writing, file and folder are made where they are missing. An older schema is brought up
    // to date.
    explicit RecordStore(const std::filesystem::path &file, Access access = Access::write);
    ~RecordStore();
    RecordStore(RecordStore &&) noexcept;
    RecordStore &operator=(RecordStore &&) noexcept;

    void add(const Measurement &measurement);
    std::vector<Measurement> measurements(const MeasurementFilter &filter = {}) const;

    // Replaces the record of the same key.
    void put(const TunedRecord &record);
    std::vector<TunedRecord> records(const RecordFilter &filter = {}) const;

    // All of them or none; what is there stays where the new record does not beat it (beats()).
    MergeCounts merge(const std::vector<TunedRecord> &records);

    const std::filesystem::path &file() const { return file_; }

private:
    std::filesystem::path file_;
    std::unique_ptr<SQLite::Database> database_;
};

// The database of whoever runs this: $CONVOY_RECORDS_DB, else $XDG_DATA_HOME/convoy/records.sqlite,
// else ~/.local/share/convoy/records.sqlite. Empty where there is no home either.
std::filesystem::path user_record_store();

}  // namespace convoy
