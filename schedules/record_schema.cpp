#include "schedules/record_schema.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

#include "schedules/tuned_record.h"

namespace convoy {

namespace {

// Tells a database of records from any other SQLite database: "cnvy".
constexpr int application = 0x636e7679;

constexpr const char *migrations[] = {
    R"sql(
CREATE TABLE records (
    kernel TEXT NOT NULL,
    threads INTEGER NOT NULL,
    board TEXT NOT NULL,
    cpu TEXT NOT NULL,
    halide TEXT NOT NULL,
    template TEXT NOT NULL,
    version INTEGER NOT NULL,
    parameters TEXT NOT NULL,  -- a JSON object of whole numbers
    time_us REAL NOT NULL,
    at INTEGER NOT NULL,       -- seconds since 1970
    PRIMARY KEY (kernel, threads, board, cpu, halide)
) STRICT;
)sql",
    R"sql(
ALTER TABLE records ADD COLUMN default_us REAL NOT NULL DEFAULT 0;
ALTER TABLE records ADD COLUMN measurements INTEGER NOT NULL DEFAULT 0;
CREATE TABLE measurements (
    id INTEGER PRIMARY KEY,
    session TEXT NOT NULL,
    kernel TEXT NOT NULL,
    threads INTEGER NOT NULL,
    board TEXT NOT NULL,
    cpu TEXT NOT NULL,
    halide TEXT NOT NULL,
    template TEXT NOT NULL,
    version INTEGER NOT NULL,
    parameters TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    time_us REAL NOT NULL,     -- 0 unless measured
    predicted_us REAL NOT NULL,
    features TEXT NOT NULL,    -- a JSON object of numbers
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX measurements_of_a_kernel ON measurements (board, kernel);
CREATE INDEX measurements_of_a_session ON measurements (session);
)sql",
    R"sql(
ALTER TABLE records ADD COLUMN predicted_us REAL NOT NULL DEFAULT 0;
)sql"};

int pragma(SQLite::Database &database, const char *name) {
    return database.execAndGet(std::string("PRAGMA ") + name).getInt();
}

}  // namespace

std::span<const char *const> record_migrations() {
    return migrations;
}

bool is_outdated(SQLite::Database &database, const std::filesystem::path &file) {
    // Another program may be about to make the tables: all three numbers of one moment.
    SQLite::Transaction one_moment(database);
    const int tables = database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt();
    const int version = pragma(database, "user_version");
    const bool is_new = tables == 0 && version == 0;
    if (!is_new && pragma(database, "application_id") != application)
        throw RecordError(file.string() +
                          ": is another program's SQLite database, expected one of records");
    if (version > record_schema())
        throw RecordError(file.string() + ": has schema version " + std::to_string(version) +
                          ", expected at most " + std::to_string(record_schema()) +
                          ": a newer Convoy wrote it");
    return version < record_schema();
}

void migrate(SQLite::Database &database, const std::filesystem::path &file) {
    if (!is_outdated(database, file)) return;
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    // Whoever had the lock before may have done it.
    for (int version = pragma(database, "user_version"); version < record_schema(); version++)
        database.exec(migrations[version]);
    database.exec("PRAGMA application_id = " + std::to_string(application));
    database.exec("PRAGMA user_version = " + std::to_string(record_schema()));
    transaction.commit();
}

}  // namespace convoy
