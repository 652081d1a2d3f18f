#include "schedules/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/temporary_folder.h"

namespace convoy {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

json good_file() {
    return {{"board", "avx2"},
            {"cpu", "a CPU"},
            {"halide", "21.0.0"},
            {"records",
             {{{"kernel", "conv2d a"},
               {"template", "oc_vectors"},
               {"version", 3},
               {"parameters", {{"tile_ow", 7}, {"tile_oc", 2}}},
               {"time_us", 12.5}},
              {{"kernel", "conv2d b"},
               {"template", "group_lanes"},
               {"version", 1},
               {"parameters", json::object()},
               {"time_us", 3}}}}};
}

class RecordFile : public testing::Test {
protected:
    const TemporaryFolder temporary_;
    const std::filesystem::path &folder_ = temporary_.path;
    const std::filesystem::path file_ = folder_ / "avx2.json";

    void SetUp() override { setenv("CONVOY_RECORDS", folder_.c_str(), 1); }
    void TearDown() override { unsetenv("CONVOY_RECORDS"); }

    std::string error_of(const std::string &text) const {
        std::ofstream(file_) << text;
        try {
            read_records(file_);
        } catch (const RecordError &error) {
            return error.what();
        }
        return "";
    }
};

TEST_F(RecordFile, IsReadBack) {
    std::ofstream(file_) << good_file();
    const Records records = load_records("avx2");
    EXPECT_EQ(records.size(), 2u);
    const Record *a = records.find("conv2d a");
    ASSERT_NE(a, nullptr);
    EXPECT_EQ(a->schedule, (Schedule{"oc_vectors", {{"tile_oc", 2}, {"tile_ow", 7}}}));
    EXPECT_EQ(a->template_version, 3);
    EXPECT_EQ(a->time_us, 12.5);
    const Record *b = records.find("conv2d b");
    ASSERT_NE(b, nullptr);
    EXPECT_EQ(b->schedule, (Schedule{"group_lanes", {}}));
    EXPECT_EQ(records.find("conv2d c"), nullptr);
}

TEST_F(RecordFile, MayBeMissing) {
    EXPECT_EQ(load_records("avx2").size(), 0u);
}

TEST_F(RecordFile, EveryMissingKeyIsNamed) {
    for (const char *key : {"kernel", "template", "version", "parameters", "time_us"}) {
        json file = good_file();
        file["records"][1].erase(key);
        EXPECT_THAT(error_of(file.dump()), HasSubstr(file_.string() + ": record 2: \"" + key +
                                                     "\" is missing, expected "));
    }
    EXPECT_THAT(error_of("{}"), HasSubstr(file_.string() + ": \"records\" is missing"));
}

TEST_F(RecordFile, EveryWrongTypeIsNamed) {
    const std::pair<const char *, json> bad[] = {{"kernel", 1},
                                                 {"template", nullptr},
                                                 {"version", "one"},
                                                 {"parameters", {1, 2}},
                                                 {"parameters", {{"tile_ow", "wide"}}},
                                                 {"time_us", "fast"}};
    for (const auto &[key, value] : bad) {
        json file = good_file();
        file["records"][0][key] = value;
        EXPECT_THAT(error_of(file.dump()), HasSubstr(file_.string() + ": record 1: \"" + key +
                                                     "\" is " + value.dump() + ", expected "));
    }
    EXPECT_THAT(error_of("{\"records\": 3}"), HasSubstr("\"records\" is 3, expected a list"));
    EXPECT_THAT(error_of("{\"records\": [3]}"), HasSubstr("record 1"));
    EXPECT_THAT(error_of("[]"), HasSubstr("\"records\" is missing"));
}

TEST_F(RecordFile, TextThatIsNoJsonIsNamedInOneLine) {
    for (const char *text : {"", "{\"records\": [", "records\n"}) {
        const std::string error = error_of(text);
        EXPECT_THAT(error, HasSubstr(file_.string() + ": not JSON: ")) << text;
        EXPECT_THAT(error, Not(HasSubstr("\n"))) << text;
    }
    EXPECT_THROW(read_records(folder_ / "absent.json"), RecordError);
}

}  // namespace
}  // namespace convoy
