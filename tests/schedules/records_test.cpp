#include "schedules/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "schedules/record_file.h"
#include "schedules/record_store.h"
#include "schedules/template.h"
#include "targets/cpu_model.h"
#include "tests/schedules/example_record.h"
#include "tests/temporary_folder.h"

namespace convoy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A record by its time, of this Halide and of its template as it is.
TunedRecord record_of(const std::string &kernel, double time_us) {
    TunedRecord record = example_record(kernel);
    record.template_version = template_of(record.schedule, load_board("avx2")).version;
    record.time_us = time_us;
    return record;
}

class LoadedRecords : public testing::Test {
protected:
    const TemporaryFolder temporary_;
    const std::filesystem::path project_ = temporary_.path / "avx2.json",
                                database_ = temporary_.path / "records.sqlite",
                                mine_ = temporary_.path / "mine.json";
    std::vector<std::string> warnings_;

    void SetUp() override {
        if (const char *set = std::getenv("CONVOY_RECORDS_DB")) before_ = set;
        setenv("CONVOY_RECORDS", temporary_.path.c_str(), 1);
        setenv("CONVOY_RECORDS_DB", database_.c_str(), 1);
    }
    void TearDown() override {
        unsetenv("CONVOY_RECORDS");
        unsetenv("CONVOY_RECORDS_DB");
        if (before_) setenv("CONVOY_RECORDS_DB", before_->c_str(), 1);
    }

    void put(const TunedRecord &record) const { RecordStore(database_).put(record); }

    Records load(std::vector<std::filesystem::path> files = {}) {
        warnings_.clear();
        return load_records(load_board("avx2"), {std::move(files), [&](const std::string &text) {
                                                     warnings_.push_back(text);
                                                 }});
    }

    std::string taken(const std::string &kernel, std::vector<std::filesystem::path> files = {}) {
        const Records records = load(std::move(files));
        const Record *found = records.find(kernel);
        return found ? found->source + " " + std::to_string((int)found->time_us) : "none";
    }

private:
    std::optional<std::string> before_;
};

TEST_F(LoadedRecords, MayBeNone) {
    EXPECT_EQ(load().size(), 0u);
    EXPECT_THAT(warnings_, IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(database_)) << "compiling makes no database";
}

TEST_F(LoadedRecords, TheLaterPlaceWins) {
    write_record_file(project_, {record_of("a", 1), record_of("b", 2), record_of("c", 3)});
    put(record_of("b", 20));
    put(record_of("c", 30));
    write_record_file(mine_, {record_of("c", 300)});
    const std::filesystem::path other = temporary_.path / "other.json";
    write_record_file(other, {record_of("c", 3000)});
    EXPECT_EQ(taken("a", {mine_}), "project avx2.json 1");
    EXPECT_EQ(taken("b", {mine_}), "database records.sqlite 20");
    EXPECT_EQ(taken("c", {mine_}), "file mine.json 300");
    EXPECT_EQ(taken("c", {mine_, other}), "file other.json 3000");
    EXPECT_EQ(taken("c"), "database records.sqlite 30");
    EXPECT_EQ(taken("d", {mine_}), "none");
    const Records records = load();
    const Record *b = records.find("b");
    ASSERT_NE(b, nullptr);
    EXPECT_EQ(static_cast<const TunedRecord &>(*b), record_of("b", 20));
    EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(LoadedRecords, ThisProcessorsOwnThenTheNewest) {
    TunedRecord own = record_of("a", 10), old = record_of("a", 20), recent = record_of("a", 30);
    own.cpu = cpu_model();
    own.at = 1;
    old.cpu = "zzz";
    old.at = 2;
    recent.cpu = "aaa";
    recent.at = 3;
    put(old);
    put(recent);
    EXPECT_EQ(taken("a"), "database records.sqlite 30");
    put(own);
    EXPECT_EQ(taken("a"), "database records.sqlite 10");
    write_record_file(mine_, {own, recent, old});
    EXPECT_EQ(taken("a", {mine_}), "file mine.json 10");
}

TEST_F(LoadedRecords, ThoseOfTheProcessorThatIsNamed) {
    TunedRecord one = record_of("a", 10), other = record_of("a", 20);
    int asked = 0;
    const RecordOptions options{{}, {}, [&] {
                                    asked++;
                                    return std::string("one");
                                }};
    const auto time_us = [&] {
        return load_records(load_board("avx2"), options).find("a")->time_us;
    };
    one.cpu = "one";
    one.at = 1;
    put(one);
    EXPECT_EQ(time_us(), 10);
    EXPECT_EQ(asked, 0);
    other.cpu = "other";
    other.at = 2;
    put(other);
    EXPECT_EQ(time_us(), 10);
    EXPECT_EQ(asked, 1);
}

TEST_F(LoadedRecords, OfOtherBoardsAndThreadsAreLeftOut) {
    TunedRecord board = record_of("a", 1), threads = record_of("a", 2);
    board.board = "zen4";
    threads.threads = 4;
    write_record_file(mine_, {board, threads});
    put(board);
    put(threads);
    EXPECT_EQ(load({mine_}).size(), 0u);
    EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(LoadedRecords, OfManyThreadsWinOverThoseOfOne) {
    TunedRecord of_one = record_of("a", 1), of_four = record_of("a", 2), other = record_of("b", 3);
    of_four.threads = 4;
    write_record_file(project_, {of_four, other});
    put(of_one);
    const Records records = load_records(load_board("avx2"), {.warn = {}, .threads = 4});
    EXPECT_EQ(records.size(), 2u);
    EXPECT_EQ(records.find("a")->time_us, 2);
    EXPECT_EQ(records.find("b")->time_us, 3);
    EXPECT_EQ(load().find("a")->time_us, 1);
    EXPECT_EQ(load_records(load_board("avx2"), {.warn = {}, .threads = 2}).find("a")->time_us, 1);
}

TEST_F(LoadedRecords, WhatIsIgnoredIsSaid) {
    const int version = record_of("a", 1).template_version;
    std::vector<TunedRecord> list;
    for (const char *kernel : {"a", "b", "c", "d", "e", "f"}) list.push_back(record_of(kernel, 1));
    for (int i = 0; i < 3; i++) list[i].template_version = version + 1;
    list[3].schedule.template_name = "gone";
    list[4].halide = "1.2.3";
    write_record_file(project_, list);
    EXPECT_EQ(load().size(), 1u);
    const std::string v = std::to_string(version), next = std::to_string(version + 1);
    EXPECT_THAT(warnings_,
                testing::UnorderedElementsAre(
                    "3 records of avx2.json are ignored: template group_lanes is version " + v +
                        ", the records are of version " + next,
                    "1 record of avx2.json is ignored: there is no template gone for board avx2",
                    "1 record of avx2.json is ignored: this is Halide " + halide_version() +
                        ", the record is of 1.2.3"));

    // An ignored record hides none of an earlier place.
    put(list[0]);
    write_record_file(project_, {record_of("a", 1)});
    EXPECT_EQ(taken("a"), "project avx2.json 1");
    EXPECT_THAT(warnings_,
                ElementsAre("1 record of records.sqlite is ignored: template group_lanes is "
                            "version " +
                            v + ", the record is of version " + next));
    // The database keeps what an earlier Halide's best was: nothing to say where there is a newer.
    RecordStore{database_}.merge({record_of("a", 5)});
    put(list[4]);
    put(record_of("e", 6));
    EXPECT_EQ(taken("e"), "database records.sqlite 6");
    EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(LoadedRecords, DamageIsAnError) {
    write_record_file(mine_, {record_of("a", 1)});
    std::filesystem::resize_file(mine_, 50);
    EXPECT_THROW(load({mine_}), RecordError);
    EXPECT_THROW(load({temporary_.path / "absent.json"}), RecordError);
    std::filesystem::copy(mine_, database_);
    EXPECT_THROW(load(), RecordError);
}

TEST(TunedRecords, TheBetterBeats) {
    const TunedRecord record = record_of("a", 10);
    TunedRecord faster = record, older = record, newer = record, unknown = record;
    faster.time_us = 9;
    EXPECT_TRUE(beats(faster, record));
    EXPECT_FALSE(beats(record, faster));
    EXPECT_FALSE(beats(record, record));
    // What compiling would ignore does not win, however fast it was.
    unknown.schedule.template_name = "gone";
    older.template_version = record.template_version + 1;
    newer.template_version = record.template_version + 2;
    unknown.time_us = older.time_us = 1;
    EXPECT_TRUE(beats(record, unknown));
    EXPECT_FALSE(beats(unknown, record));
    EXPECT_TRUE(beats(record, older));
    EXPECT_TRUE(beats(newer, older)) << "of two that this Convoy does not have";
    EXPECT_FALSE(beats(older, newer));
}

TEST(TunedRecords, MergeToTheBetterOfEachKey) {
    TunedRecord faster = record_of("a", 9), elsewhere = record_of("a", 99);
    elsewhere.cpu = "another CPU";
    const std::vector<TunedRecord> one = {record_of("a", 10), record_of("b", 1)},
                                   two = {faster, elsewhere, record_of("b", 2)};
    EXPECT_THAT(merge_records(one, two), ElementsAre(faster, record_of("b", 1), elsewhere));
    EXPECT_THAT(merge_records(two, one), ElementsAre(faster, elsewhere, record_of("b", 1)));
}

}  // namespace
}  // namespace convoy
