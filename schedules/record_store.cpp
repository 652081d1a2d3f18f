#include "schedules/record_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <pwd.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "schedules/record_schema.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::chrono::milliseconds patience{30'000};  // for another writer's transaction

constexpr std::array<const char *, 6> outcomes = {"measured", "not_compiled", "compile_timeout",
                                                  "crashed",  "timeout",      "wrong"};

std::string explanation(const SQLite::Exception &error) {
    if (error.getErrorCode() == SQLITE_NOTADB) return "is no SQLite database";
    if (error.getErrorCode() == SQLITE_READONLY) return "cannot be written";
    if (error.getErrorCode() == SQLITE_CANTOPEN) return "it, or files beside it, cannot be opened";
    return error.what();
}

// Does what `work` does, whose errors get the file's name.
template<typename Work>
auto naming(const fs::path &file, const Work &work) {
    try {
        return work();
    } catch (const SQLite::Exception &error) {
        throw RecordError(file.string() + ": " + explanation(error));
    } catch (const json::exception &error) {
        throw RecordError(file.string() + ": a row is damaged: " + error.what());
    }
}

// Readers and a writer then do not wait for each other. SQLite refuses at once, without patience,
// while another program does the same.
void write_ahead(SQLite::Database &database) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (true) {
        try {
            database.exec("PRAGMA journal_mode = WAL");
            return;
        } catch (const SQLite::Exception &error) {
            if (error.getErrorCode() != SQLITE_BUSY || std::chrono::steady_clock::now() > end)
                throw;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

std::unique_ptr<SQLite::Database> open_for_writing(const fs::path &file) {
    std::error_code error;
    if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
    if (error) throw RecordError(file.string() + ": its folder cannot be made: " + error.message());
    auto database = std::make_unique<SQLite::Database>(
        file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, (int)patience.count());
    is_outdated(*database, file);  // before anything of another program's is changed
    // SQLite opens a file that may only be read without a word.
    if (sqlite3_db_readonly(database->getHandle(), "main") == 1)
        throw RecordError(file.string() + ": cannot be written");
    write_ahead(*database);
    database->exec("PRAGMA synchronous = FULL");
    migrate(*database, file);
    return database;
}

// A file name as SQLite's URI of one that nobody changes.
std::string immutable_uri(const fs::path &file) {
    std::string uri = "file:";
    for (const char c : file.string()) {
        const bool is_special = c == '?' || c == '#' || c == '%';
        uri += is_special ? (c == '?' ? "%3f" : c == '#' ? "%23" : "%25") : std::string(1, c);
    }
    return uri + "?immutable=1";
}

// Null where the schema is older.
std::unique_ptr<SQLite::Database> open_current(const fs::path &file, const std::string &name,
                                               int flags) {
    auto database = std::make_unique<SQLite::Database>(name, SQLite::OPEN_READONLY | flags,
                                                       (int)patience.count());
    if (is_outdated(*database, file)) database.reset();
    return database;
}

std::unique_ptr<SQLite::Database> open_for_reading(const fs::path &file) {
    try {
        if (auto database = open_current(file, file.string(), 0)) return database;
        open_for_writing(file);
        return open_current(file, file.string(), 0);
    } catch (const SQLite::Exception &error) {
        // In a folder that may only be read there is no place for what readers and writers share.
        const int code = error.getErrorCode();
        if ((code != SQLITE_CANTOPEN && code != SQLITE_READONLY) ||
            fs::exists(file.string() + "-wal"))
            throw;
    }
    auto database = open_current(file, immutable_uri(file), SQLite::OPEN_URI);
    if (!database) throw RecordError(file.string() + ": has an older schema and cannot be written");
    return database;
}

// Binds one after the other.
class Binder {
public:
    explicit Binder(SQLite::Statement &statement) : statement_(statement) {}
    template<typename... T>
    void operator()(const T &...values) {
        (statement_.bind(++last_, values), ...);
    }

private:
    SQLite::Statement &statement_;
    int last_ = 0;
};

// What both tables begin with, in this order.
constexpr const char *common_columns =
    "kernel, threads, board, cpu, halide, template, version, parameters, time_us, at";

template<typename T>
void bind_common(Binder &bind, const T &row) {
    bind(row.kernel, row.threads, row.board, row.cpu, row.halide, row.schedule.template_name,
         row.template_version, json(row.schedule.parameters).dump(), row.time_us, row.at);
}

template<typename T>
T common_of(SQLite::Statement &statement) {
    T row;
    row.kernel = statement.getColumn(0).getString();
    row.threads = statement.getColumn(1).getInt();
    row.board = statement.getColumn(2).getString();
    row.cpu = statement.getColumn(3).getString();
    row.halide = statement.getColumn(4).getString();
    row.schedule.template_name = statement.getColumn(5).getString();
    row.template_version = statement.getColumn(6).getInt();
    row.schedule.parameters = json::parse(statement.getColumn(7).getString());
    row.time_us = statement.getColumn(8).getDouble();
    row.at = statement.getColumn(9).getInt64();
    return row;
}

// The conditions that are set, as SQL and as values.
class Where {
public:
    template<typename T>
    Where &equal(const char *column, const std::optional<T> &value) {
        if (!value) return *this;
        text_ += (values_.empty() ? " WHERE " : " AND ") + std::string(column) + " = ?";
        values_.push_back([value](Binder &bind) { bind(*value); });
        return *this;
    }
    const std::string &text() const { return text_; }
    void bind(SQLite::Statement &statement) const {
        Binder binder(statement);
        for (const auto &value : values_) value(binder);
    }

private:
    std::string text_;
    std::vector<std::function<void(Binder &)>> values_;
};

std::vector<TunedRecord> select_records(SQLite::Database &database, const Where &where) {
    SQLite::Statement select(database, "SELECT " + std::string(common_columns) +
                                           ", default_us, measurements, predicted_us FROM records" +
                                           where.text() +
                                           " ORDER BY kernel, threads, board, cpu, halide");
    where.bind(select);
    std::vector<TunedRecord> records;
    while (select.executeStep()) {
        records.push_back(common_of<TunedRecord>(select));
        records.back().default_us = select.getColumn(10).getDouble();
        records.back().measurements = select.getColumn(11).getInt();
        records.back().predicted_us = select.getColumn(12).getDouble();
    }
    return records;
}

void put_record(SQLite::Database &database, const TunedRecord &record) {
    if (const std::string problem = problem_of(record); !problem.empty())
        throw RecordError(database.getFilename() + ": a record's " + problem);
    SQLite::Statement insert(database, "INSERT OR REPLACE INTO records (" +
                                           std::string(common_columns) +
                                           ", default_us, measurements, predicted_us) VALUES "
                                           "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    Binder bind(insert);
    bind_common(bind, record);
    bind(record.default_us, record.measurements, record.predicted_us);
    insert.exec();
}

void expect_numbers(const Measurement &m, const fs::path &file) {
    const auto expect = [&](const std::string &name, double value, bool fits) {
        if (!fits || !std::isfinite(value))
            throw RecordError(file.string() + ": a measurement's " + name + " is " +
                              std::to_string(value) + ", expected a number");
    };
    expect("time_us", m.time_us, m.time_us >= 0);
    expect("predicted_us", m.predicted_us, m.predicted_us >= 0);
    for (const auto &[name, value] : m.features) expect("feature " + name, value, true);
}

}  // namespace

const char *to_string(Measurement::Outcome outcome) {
    return outcomes.at((size_t)outcome);
}

RecordStore::RecordStore(const fs::path &file, Access access) : file_(file) {
    std::error_code error;
    if (file.empty())
        throw RecordError("no tuning database: neither $CONVOY_RECORDS_DB nor $HOME is set");
    if (fs::exists(file, error) && !fs::is_regular_file(file, error))
        throw RecordError(file.string() + ": is " +
                          (fs::is_directory(file, error) ? "a folder" : "no regular file") +
                          ", expected a tuning database");
    if (access == Access::read && !fs::exists(file, error))
        throw RecordError(file.string() + ": no such tuning database");
    database_ = naming(file, [&] {
        return access == Access::read ? open_for_reading(file) : open_for_writing(file);
    });
}

RecordStore::~RecordStore() = default;
RecordStore::RecordStore(RecordStore &&) noexcept = default;
RecordStore &RecordStore::operator=(RecordStore &&) noexcept = default;

void RecordStore::add(const Measurement &m) {
    expect_numbers(m, file_);
    naming(file_, [&] {
        SQLite::Statement insert(*database_, "INSERT INTO measurements (" +
                                                 std::string(common_columns) +
                                                 ", session, outcome, detail, predicted_us, "
                                                 "features) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                                                 "?, ?, ?, ?, ?)");
        Binder bind(insert);
        bind_common(bind, m);
        bind(m.session, to_string(m.outcome), m.detail, m.predicted_us, json(m.features).dump());
        insert.exec();
    });
}

std::vector<Measurement> RecordStore::measurements(const MeasurementFilter &filter) const {
    Where where;
    where.equal("board", filter.board)
        .equal("kernel", filter.kernel)
        .equal("cpu", filter.cpu)
        .equal("session", filter.session)
        .equal("threads", filter.threads);
    return naming(file_, [&] {
        SQLite::Statement select(*database_, "SELECT " + std::string(common_columns) +
                                                 ", session, outcome, detail, predicted_us, "
                                                 "features FROM measurements" +
                                                 where.text() + " ORDER BY id");
        where.bind(select);
        std::vector<Measurement> list;
        while (select.executeStep()) {
            Measurement m = common_of<Measurement>(select);
            m.session = select.getColumn(10).getString();
            const std::string outcome = select.getColumn(11).getString();
            const auto found = std::find(outcomes.begin(), outcomes.end(), outcome);
            if (found == outcomes.end())
                throw RecordError(file_.string() + ": a measurement's outcome is '" + outcome +
                                  "', expected one as 'measured'");
            m.outcome = (Measurement::Outcome)(found - outcomes.begin());
            m.detail = select.getColumn(12).getString();
            m.predicted_us = select.getColumn(13).getDouble();
            m.features = json::parse(select.getColumn(14).getString());
            list.push_back(std::move(m));
        }
        return list;
    });
}

void RecordStore::put(const TunedRecord &record) {
    naming(file_, [&] { put_record(*database_, record); });
}

std::vector<TunedRecord> RecordStore::records(const RecordFilter &filter) const {
    Where where;
    where.equal("board", filter.board)
        .equal("kernel", filter.kernel)
        .equal("cpu", filter.cpu)
        .equal("threads", filter.threads);
    return naming(file_, [&] { return select_records(*database_, where); });
}

MergeCounts RecordStore::merge(const std::vector<TunedRecord> &records) {
    return naming(file_, [&] {
        MergeCounts counts;
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        for (const TunedRecord &record : records) {
            Where where;
            where.equal("kernel", std::optional(record.kernel))
                .equal("threads", std::optional(record.threads))
                .equal("board", std::optional(record.board))
                .equal("cpu", std::optional(record.cpu))
                .equal("halide", std::optional(record.halide));
            const std::vector<TunedRecord> own = select_records(*database_, where);
            if (!own.empty() && !beats(record, own.front())) {
                counts.kept++;
                continue;
            }
            put_record(*database_, record);
            (own.empty() ? counts.added : counts.replaced)++;
        }
        transaction.commit();
        return counts;
    });
}

fs::path user_record_store() {
    const auto set = [](const char *variable) -> fs::path {
        const char *value = std::getenv(variable);
        return value ? value : "";
    };
    if (const fs::path file = set("CONVOY_RECORDS_DB"); !file.empty()) return file;
    const fs::path relative = fs::path("convoy") / "records.sqlite";
    // By the XDG specification a relative one is to be ignored.
    if (const fs::path data = set("XDG_DATA_HOME"); data.is_absolute()) return data / relative;
    fs::path home = set("HOME");
    if (const passwd *user = home.empty() ? getpwuid(getuid()) : nullptr; user && user->pw_dir)
        home = user->pw_dir;
    return home.empty() ? home : home / ".local" / "share" / relative;
}

}  // namespace convoy
