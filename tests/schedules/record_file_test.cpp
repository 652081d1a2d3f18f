#include "schedules/record_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/schedules/example_record.h"
#include "tests/temporary_folder.h"

namespace convoy {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class RecordFile : public testing::Test {
protected:
    const TemporaryFolder temporary_;
    const std::filesystem::path file_ = temporary_.path / "avx2.json";

    static json good_file() {
        return json::parse(record_file_text({example_record("a"), example_record("b")}));
    }

    std::string error_of(const std::string &text) const {
        std::ofstream(file_) << text;
        try {
            read_record_file(file_);
        } catch (const RecordError &error) {
            return error.what();
        }
        return "";
    }

    std::string content() const {
        std::ifstream stream(file_);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
};

TEST_F(RecordFile, IsReadBack) {
    TunedRecord other = example_record("conv2d b");
    other.threads = 4;
    other.schedule.parameters.clear();
    other.time_us = 0.1;
    other.default_us = 0;
    other.at = int64_t{1} << 40;
    const std::vector<TunedRecord> records = {example_record(), other};
    write_record_file(file_, records);
    EXPECT_EQ(read_record_file(file_), records);
    write_record_file(file_, {});
    EXPECT_TRUE(read_record_file(file_).empty());
}

TEST_F(RecordFile, HasALineForEachRecordByKernel) {
    TunedRecord b_elsewhere = example_record("b");
    b_elsewhere.cpu = "another CPU";
    write_record_file(file_, {b_elsewhere, example_record("b"), example_record("a")});
    const std::string text = content();
    EXPECT_EQ(text, record_file_text({example_record("a"), example_record("b"), b_elsewhere}));
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
    EXPECT_EQ(
        text.substr(0, text.find(",\n")),
        R"({"format": "convoy-records-1", "records": [)"
        "\n"
        R"({"kernel":"a","threads":1,"board":"avx2","cpu":"a CPU","halide":")" +
            halide_version() +
            R"(","template":"group_lanes","version":1,"parameters":{"tile_oc":8,"tile_ow":2},)"
            R"("time_us":12.3456789012345,"default_us":15.5,"predicted_us":14.5,"measurements":40,)"
            R"("at":1760000000})");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(temporary_.path), {}), 1);
}

TEST_F(RecordFile, EveryMissingKeyIsNamed) {
    const json good = good_file();
    for (const auto &[key, value] : good["records"][1].items()) {
        json file = good;
        file["records"][1].erase(key);
        EXPECT_THAT(error_of(file.dump()), HasSubstr(file_.string() + ": record 2: \"" + key +
                                                     "\" is missing, expected "));
    }
    EXPECT_THAT(error_of("{}"), HasSubstr(file_.string() + ": \"format\" is missing"));
    EXPECT_THAT(error_of("[]"), HasSubstr(file_.string() + ": \"format\" is missing"));
    EXPECT_THAT(error_of(R"({"format": "convoy-records-1"})"),
                HasSubstr(file_.string() + ": \"records\" is missing"));
}

TEST_F(RecordFile, EveryWrongValueIsNamed) {
    const std::pair<const char *, json> bad[] = {{"kernel", 1},
                                                 {"board", nullptr},
                                                 {"cpu", json::array()},
                                                 {"halide", 21},
                                                 {"template", nullptr},
                                                 {"threads", 1.5},
                                                 {"threads", 0},
                                                 {"threads", true},
                                                 {"version", "one"},
                                                 {"version", 4'294'967'297},
                                                 {"version", -1},
                                                 {"parameters", {1, 2}},
                                                 {"parameters", {{"tile_ow", "wide"}}},
                                                 {"parameters", {{"tile_ow", 1.5}}},
                                                 {"parameters", {{"tile_ow", 1e300}}},
                                                 {"parameters", {{"tile_ow", 1LL << 40}}},
                                                 {"time_us", "fast"},
                                                 {"time_us", nullptr},  // as NaN is written
                                                 {"time_us", 0},
                                                 {"time_us", -2.5},
                                                 {"default_us", -1},
                                                 {"measurements", -3},
                                                 {"measurements", 0.5},
                                                 {"at", -1},
                                                 {"at", "now"},
                                                 {"at", 18'446'744'073'709'551'615u}};
    for (const auto &[key, value] : bad) {
        json file = good_file();
        file["records"][0][key] = value;
        EXPECT_THAT(error_of(file.dump()), HasSubstr(file_.string() + ": record 1: \"" + key +
                                                     "\" is " + value.dump() + ", expected "));
    }
    for (const char *key : {"kernel", "board", "cpu", "halide", "template"}) {
        json file = good_file();
        file["records"][0][key] = "";
        EXPECT_THAT(error_of(file.dump()),
                    HasSubstr(file_.string() + ": record 1: \"" + key + "\" is empty, expected "));
    }
    json file = good_file();
    file["records"] = 3;
    EXPECT_THAT(error_of(file.dump()), HasSubstr("\"records\" is 3, expected a list"));
    file["records"] = {3};
    EXPECT_THAT(error_of(file.dump()), HasSubstr("record 1: "));
    file["format"] = "convoy-records-2";
    EXPECT_THAT(error_of(file.dump()),
                HasSubstr("\"format\" is \"convoy-records-2\", expected \"convoy-records-1\""));
}

TEST_F(RecordFile, TwoRecordsOfOneKeyAreRefused) {
    json file = good_file();
    file["records"].push_back(file["records"][0]);
    EXPECT_THAT(error_of(file.dump()), HasSubstr("record 3: has the key of record 1, expected"));
}

TEST_F(RecordFile, CutOffAnywhereIsOneLineOfError) {
    const std::string text = record_file_text({example_record("a"), example_record("b")});
    for (size_t size = 0; size + 2 < text.size(); size++) {
        const std::string error = error_of(text.substr(0, size));
        ASSERT_THAT(error, HasSubstr(file_.string() + ": not JSON: ")) << size;
        ASSERT_THAT(error, Not(HasSubstr("\n"))) << size;
    }
    EXPECT_EQ(error_of(text), "");
}

TEST_F(RecordFile, AnyDamagedByteIsReadOrOneLineOfError) {
    const std::string text = record_file_text({example_record("a"), example_record("b")});
    int refused = 0;
    for (size_t at = 0; at < text.size(); at++) {
        for (const char damage : {'\0', '\xff', '9'}) {
            std::string damaged = text;
            damaged[at] = damage;
            const std::string error = error_of(damaged);
            ASSERT_THAT(error, Not(HasSubstr("\n"))) << at;
            refused += !error.empty();
        }
    }
    EXPECT_GT(refused, (int)text.size());
}

TEST_F(RecordFile, WhatCannotBeReadOrWrittenIsNamed) {
    EXPECT_THROW(read_record_file(temporary_.path / "absent.json"), RecordError);
    EXPECT_THROW(read_record_file(temporary_.path), RecordError);
    for (const std::filesystem::path &file :
         {temporary_.path, temporary_.path / "absent" / "file.json"}) {
        try {
            write_record_file(file, {example_record()});
            ADD_FAILURE() << file;
        } catch (const RecordError &error) {
            EXPECT_THAT(error.what(), HasSubstr(file.string() + ": cannot be written: "));
        }
    }
    EXPECT_TRUE(std::filesystem::is_empty(temporary_.path));
}

}  // namespace
}  // namespace convoy
