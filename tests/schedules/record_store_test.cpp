#include "schedules/record_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>

#include "schedules/record_schema.h"
#include "tests/schedules/example_record.h"
#include "tests/temporary_folder.h"

namespace convoy {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Measurement example_measurement(const std::string &session = "first", int number = 0) {
    Measurement m;
    m.session = session;
    m.kernel = "conv2d " + std::to_string(number);
    m.board = "avx2";
    m.cpu = "a CPU";
    m.halide = halide_version();
    m.schedule = {"group_lanes", {{"tile_oc", number}, {"tile_ow", 2}}};
    m.template_version = 1;
    m.time_us = 0.1 + number;
    m.predicted_us = 1e-3;
    m.features = {{"loads", 1.0 / 3}, {"spills", -2}};
    m.at = 1'760'000'000 + number;
    return m;
}

// A process of its own, which ends with 0 when the work throws nothing.
pid_t in_child(const std::function<void()> &work) {
    const pid_t child = fork();
    if (child != 0) return child;
    int status = 0;
    try {
        work();
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        status = 1;
    }
    _exit(status);
}

int wait_for(pid_t child) {
    int status = -1;
    waitpid(child, &status, 0);
    return status;
}

class Store : public testing::Test {
protected:
    const TemporaryFolder temporary_;
    const std::filesystem::path file_ = temporary_.path / "below" / "records.sqlite";

    // What opening says, for writing and for reading alike.
    std::string error_of(const std::filesystem::path &file) const {
        std::string texts[2];
        for (const auto access : {RecordStore::Access::write, RecordStore::Access::read}) {
            try {
                RecordStore(file, access).records();
            } catch (const RecordError &error) {
                texts[access == RecordStore::Access::write] = error.what();
            }
        }
        EXPECT_EQ(texts[0], texts[1]);
        EXPECT_THAT(texts[0], AllOf(HasSubstr(file.string()), Not(HasSubstr("\n"))));
        return texts[0];
    }

    void execute(const std::string &sql) const {
        std::filesystem::create_directories(file_.parent_path());
        SQLite::Database(file_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec(sql);
    }

    void expect_sound() const {
        SQLite::Database database(file_.string());
        EXPECT_EQ(database.execAndGet("PRAGMA integrity_check").getString(), "ok");
    }
};

TEST_F(Store, KeepsMeasurements) {
    Measurement odd = example_measurement("second", 7);
    odd.threads = 2;
    odd.outcome = Measurement::Outcome::compile_timeout;
    odd.detail = std::string("a\0b\n'\"\xff", 7);
    odd.time_us = 0;
    odd.features.clear();
    odd.schedule.parameters.clear();
    {
        RecordStore store(file_);
        store.add(example_measurement());
        store.add(odd);
        store.add(odd);
    }
    for (const auto access : {RecordStore::Access::read, RecordStore::Access::write}) {
        const RecordStore store(file_, access);
        EXPECT_EQ(store.measurements(),
                  (std::vector<Measurement>{example_measurement(), odd, odd}));
    }
}

TEST_F(Store, KeepsEveryOutcome) {
    RecordStore store(file_);
    std::vector<Measurement> list;
    for (int i = 0; i <= (int)Measurement::Outcome::wrong; i++) {
        list.push_back(example_measurement("all", i));
        list.back().outcome = (Measurement::Outcome)i;
        store.add(list.back());
    }
    EXPECT_EQ(store.measurements(), list);
    EXPECT_STREQ(to_string(Measurement::Outcome::measured), "measured");
    EXPECT_STREQ(to_string(Measurement::Outcome::wrong), "wrong");
}

TEST_F(Store, FindsMeasurements) {
    RecordStore store(file_);
    for (int i = 0; i < 3; i++) {
        Measurement m = example_measurement(i < 2 ? "first" : "second", i);
        if (i == 1) m.board = "zen4";
        if (i == 1) m.cpu = "another CPU";
        if (i == 2) m.threads = 4;
        store.add(m);
    }
    const auto found = [&](const MeasurementFilter &filter) {
        std::string numbers;
        for (const Measurement &m : store.measurements(filter)) numbers += m.kernel.back();
        return numbers;
    };
    EXPECT_EQ(found({}), "012");
    EXPECT_EQ(found({.board = "avx2"}), "02");
    EXPECT_EQ(found({.kernel = "conv2d 1"}), "1");
    EXPECT_EQ(found({.cpu = "another CPU"}), "1");
    EXPECT_EQ(found({.session = "first"}), "01");
    EXPECT_EQ(found({.threads = 1}), "01");
    EXPECT_EQ(found({.board = "avx2", .session = "first", .threads = 1}), "0");
    EXPECT_EQ(found({.board = "none"}), "");
}

TEST_F(Store, KeepsOneRecordOfAKey) {
    RecordStore store(file_);
    TunedRecord slower = example_record();
    slower.time_us *= 2;
    slower.schedule = {"oc_vectors", {}};
    store.put(example_record());
    store.put(slower);
    EXPECT_EQ(store.records(), std::vector<TunedRecord>{slower});

    std::vector<TunedRecord> others(5, example_record());
    others[0].kernel = "conv2d z";
    others[1].threads = 4;
    others[2].board = "zen4";
    others[3].cpu = "another CPU";
    others[4].halide = "1.0.0";
    for (const TunedRecord &other : others) store.put(other);
    EXPECT_EQ(store.records().size(), 6u);
    EXPECT_EQ(store.records({.kernel = "conv2d z"}), std::vector<TunedRecord>{others[0]});
    EXPECT_EQ(store.records({.threads = 4}), std::vector<TunedRecord>{others[1]});
    EXPECT_EQ(store.records({.board = "zen4"}), std::vector<TunedRecord>{others[2]});
    EXPECT_EQ(store.records({.cpu = "another CPU"}), std::vector<TunedRecord>{others[3]});
}

TEST_F(Store, MergesWhatIsBetterAllOrNothing) {
    TunedRecord faster = example_record("b"), slower = example_record("c");
    faster.time_us /= 2;
    slower.time_us *= 2;
    RecordStore store(file_);
    for (const char *kernel : {"b", "c", "d"}) store.put(example_record(kernel));
    const MergeCounts counts =
        store.merge({example_record("a"), faster, slower, example_record("d")});
    EXPECT_EQ(counts.added, 1);
    EXPECT_EQ(counts.replaced, 1);
    EXPECT_EQ(counts.kept, 2);
    EXPECT_EQ(store.records(),
              (std::vector<TunedRecord>{example_record("a"), faster, example_record("c"),
                                        example_record("d")}));
    TunedRecord bad = example_record("e");
    bad.time_us = -1;
    EXPECT_THROW(store.merge({example_record("f"), bad}), RecordError);
    EXPECT_EQ(store.records().size(), 4u);
}

TEST_F(Store, NumbersThatAreNoneAreRefused) {
    RecordStore store(file_);
    for (const double bad : {std::nan(""), -1.0, std::numeric_limits<double>::infinity()}) {
        TunedRecord record = example_record();
        record.time_us = bad;
        EXPECT_THROW(store.put(record), RecordError);
        Measurement m = example_measurement();
        m.time_us = bad;
        EXPECT_THROW(store.add(m), RecordError);
    }
    Measurement m = example_measurement();
    m.features["loads"] = std::nan("");
    EXPECT_THROW(store.add(m), RecordError);
    EXPECT_TRUE(store.measurements().empty());
    EXPECT_TRUE(store.records().empty());
}

// The first schema as it was, for such databases stay.
constexpr const char *schema_1 = R"sql(
CREATE TABLE records (
    kernel TEXT NOT NULL, threads INTEGER NOT NULL, board TEXT NOT NULL, cpu TEXT NOT NULL,
    halide TEXT NOT NULL, template TEXT NOT NULL, version INTEGER NOT NULL,
    parameters TEXT NOT NULL, time_us REAL NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (kernel, threads, board, cpu, halide)
) STRICT;
INSERT INTO records VALUES ('conv2d a', 1, 'avx2', 'a CPU', '20.0.0', 'group_lanes', 3,
    '{"tile_ow":2}', 12.5, 1760000000);
PRAGMA application_id = 1668183673;
PRAGMA user_version = 1;
)sql";

TEST_F(Store, UpgradesTheFirstSchema) {
    for (const auto access : {RecordStore::Access::read, RecordStore::Access::write}) {
        std::filesystem::remove(file_);
        execute(schema_1);
        TunedRecord old = example_record();
        old.halide = "20.0.0";
        old.schedule = {"group_lanes", {{"tile_ow", 2}}};
        old.template_version = 3;
        old.time_us = 12.5;
        old.default_us = 0;
        old.predicted_us = 0;
        old.measurements = 0;
        EXPECT_EQ(RecordStore(file_, access).records(), std::vector<TunedRecord>{old});
        RecordStore store(file_);
        store.add(example_measurement());
        EXPECT_EQ(store.measurements().size(), 1u);
        expect_sound();
    }
}

TEST_F(Store, EveryMigrationStartsFromTheOneBefore) {
    for (int version = 1; version <= record_schema(); version++) {
        std::filesystem::remove(file_);
        std::string sql = "PRAGMA application_id = 1668183673;";
        for (int i = 0; i < version; i++) sql += record_migrations()[i];
        execute(sql + "PRAGMA user_version = " + std::to_string(version));
        RecordStore store(file_);
        store.add(example_measurement());
        store.put(example_record());
        EXPECT_EQ(store.records().size(), 1u);
    }
}

TEST_F(Store, ANewerSchemaIsRefusedAndLeft) {
    const std::string version = std::to_string(record_schema() + 1);
    RecordStore{file_};
    execute("PRAGMA user_version = " + version);
    EXPECT_THAT(error_of(file_), HasSubstr("schema version " + version + ", expected at most " +
                                           std::to_string(record_schema())));
    SQLite::Database database(file_.string());
    EXPECT_EQ(database.execAndGet("PRAGMA user_version").getString(), version);
}

TEST_F(Store, WhatIsNoDatabaseOfRecordsIsRefusedAndLeft) {
    execute("CREATE TABLE recipes (name TEXT)");
    EXPECT_THAT(error_of(file_), HasSubstr("another program's SQLite database"));
    SQLite::Database recipes(file_.string());
    EXPECT_EQ(recipes.execAndGet("SELECT count(*) FROM sqlite_schema").getInt(), 1);

    const std::filesystem::path text = temporary_.path / "text";
    std::ofstream(text) << std::string(5000, 'x');
    EXPECT_THAT(error_of(text), HasSubstr("is no SQLite database"));
    EXPECT_EQ(std::filesystem::file_size(text), 5000u);
    EXPECT_THAT(error_of(temporary_.path), HasSubstr("is a folder, expected a tuning database"));
    EXPECT_THAT(error_of("/dev/null"), HasSubstr("is no regular file"));
    EXPECT_THROW(RecordStore(text / "below.sqlite"), RecordError);
    EXPECT_THROW(RecordStore(""), RecordError);
    EXPECT_THROW(RecordStore(temporary_.path / "absent", RecordStore::Access::read), RecordError);
    EXPECT_FALSE(std::filesystem::exists(temporary_.path / "absent"));
}

TEST_F(Store, ADamagedDatabaseIsAnErrorOrRead) {
    {
        RecordStore store(file_);
        for (int i = 0; i < 200; i++) store.put(example_record("conv2d " + std::to_string(i)));
    }
    std::ifstream stream(file_, std::ios::binary);
    const std::string good{std::istreambuf_iterator<char>(stream), {}};
    int refused = 0;
    const auto try_to_read = [&](const std::string &bytes) {
        std::filesystem::remove_all(file_.parent_path());
        std::filesystem::create_directory(file_.parent_path());
        std::ofstream(file_, std::ios::binary) << bytes;
        try {
            RecordStore store(file_);
            store.records();
            store.measurements();
        } catch (const RecordError &error) {
            refused++;
            EXPECT_THAT(error.what(), AllOf(HasSubstr(file_.string()), Not(HasSubstr("\n"))));
        }
    };
    for (size_t size = 1; size < good.size(); size += good.size() / 40)
        try_to_read(good.substr(0, size));
    EXPECT_GT(refused, 30);
    refused = 0;
    for (size_t at = 0; at < good.size(); at += good.size() / 60) {
        std::string damaged = good;
        for (size_t i = at; i < std::min(at + 64, good.size()); i++) damaged[i] = (char)0xa5;
        try_to_read(damaged);
    }
    EXPECT_GT(refused, 0);
}

TEST_F(Store, TwoWritersAtOnceLoseNothing) {
    // They make the database, too.
    pid_t children[2];
    for (int c = 0; c < 2; c++) {
        children[c] = in_child([&] {
            RecordStore store(file_);
            for (int i = 0; i < 500; i++) {
                store.add(example_measurement(std::to_string(c), i));
                store.put(example_record("conv2d " + std::to_string(c * 250 + i)));
            }
        });
    }
    // Compilers read meanwhile.
    size_t seen = 0;
    for (int i = 0; i < 50; i++) {
        usleep(2000);
        if (!std::filesystem::exists(file_)) continue;
        const size_t now = RecordStore(file_, RecordStore::Access::read).records().size();
        EXPECT_GE(now, seen);
        seen = now;
    }
    for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
    const RecordStore store(file_);
    for (const char *session : {"0", "1"}) {
        const std::vector<Measurement> list = store.measurements({.session = session});
        ASSERT_EQ(list.size(), 500u);
        for (int i = 0; i < 500; i++) EXPECT_EQ(list[i], example_measurement(session, i));
    }
    EXPECT_EQ(store.records().size(), 750u);
    expect_sound();
}

TEST_F(Store, AKilledWriterLosesAtMostTheRunningRow) {
    size_t written = 0;
    for (int round = 0; round < 20; round++) {
        int done[2];
        ASSERT_EQ(pipe(done), 0);
        const pid_t child = in_child([&] {
            close(done[0]);
            RecordStore store(file_);
            for (int i = 0;; i++) {
                store.add(example_measurement(std::to_string(round), i));
                if (write(done[1], "x", 1) != 1) return;
            }
        });
        close(done[1]);
        size_t added = 0;
        char buffer[4096];
        const auto count = [&] {
            const ssize_t got = read(done[0], buffer, sizeof buffer);
            added += got > 0 ? (size_t)got : 0;
            return got > 0;
        };
        while (added <= (size_t)round) ASSERT_TRUE(count());
        usleep(137 * round);
        kill(child, SIGKILL);
        while (count()) {
        }
        close(done[0]);
        EXPECT_EQ(WTERMSIG(wait_for(child)), SIGKILL);

        // A reader comes first, as a compiler might.
        const RecordStore reader(file_, RecordStore::Access::read);
        const std::vector<Measurement> list =
            reader.measurements({.session = std::to_string(round)});
        EXPECT_GE(list.size(), added);
        EXPECT_LE(list.size(), added + 1);
        for (size_t i = 0; i < list.size(); i++)
            EXPECT_EQ(list[i], example_measurement(std::to_string(round), (int)i));
        written += list.size();
        EXPECT_EQ(RecordStore(file_).measurements().size(), written);
        expect_sound();
    }
}

TEST(UserRecordStore, IsWhereTheEnvironmentSays) {
    const char *variables[] = {"CONVOY_RECORDS_DB", "XDG_DATA_HOME", "HOME"};
    std::map<std::string, std::string> before;
    for (const char *variable : variables)
        if (const char *value = std::getenv(variable)) before[variable] = value;
    const auto with = [&](const char *database, const char *data) {
        setenv("CONVOY_RECORDS_DB", database, 1);
        setenv("XDG_DATA_HOME", data, 1);
        setenv("HOME", "/somebody", 1);
        return user_record_store().string();
    };
    EXPECT_EQ(with("mine.sqlite", "/data"), "mine.sqlite");
    EXPECT_EQ(with("", "/data"), "/data/convoy/records.sqlite");
    EXPECT_EQ(with("", ""), "/somebody/.local/share/convoy/records.sqlite");
    EXPECT_EQ(with("", "relative"), "/somebody/.local/share/convoy/records.sqlite");
    for (const char *variable : variables) {
        unsetenv(variable);
        if (before.contains(variable)) setenv(variable, before[variable].c_str(), 1);
    }
}

}  // namespace
}  // namespace convoy
