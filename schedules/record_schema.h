#pragma once

#include <filesystem>
#include <span>

namespace SQLite {
class Database;
}

namespace convoy {

// SQL that makes a database of schema i one of schema i + 1; what is new goes to the end, what is
// there is never changed, for somebody has such databases.
std::span<const char *const> record_migrations();

// The schema that this Convoy reads and writes.
inline int record_schema() {
    return (int)record_migrations().size();
}

// Whether a database's schema is older. Throws RecordError where it is newer, or the database is
// not one of records.
bool is_outdated(SQLite::Database &database, const std::filesystem::path &file);

// Brings the schema up to date in one transaction; another program may do the same meanwhile.
void migrate(SQLite::Database &database, const std::filesystem::path &file);

}  // namespace convoy
