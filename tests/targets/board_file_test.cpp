#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "targets/board.h"
#include "tests/temporary_folder.h"

namespace convoy {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

json good_board() {
    std::ifstream stream(boards_folder() / "avx2.json");
    return json::parse(stream);
}

class BoardFile : public testing::Test {
protected:
    const TemporaryFolder temporary_;
    const std::filesystem::path &folder_ = temporary_.path;
    const std::filesystem::path file_ = folder_ / "avx2.json";

    // The error of reading a board file of this text, empty where there is none.
    std::string error_of(const std::string &text) const {
        std::ofstream(file_) << text;
        try {
            read_board(file_);
        } catch (const BoardError &error) {
            return error.what();
        }
        return "";
    }
};

TEST_F(BoardFile, ReadsEveryKey) {
    EXPECT_EQ(error_of(good_board().dump()), "");
    const Board board = read_board(file_);
    EXPECT_EQ(board.name, "avx2");
    EXPECT_EQ(board.family, "x86");
    EXPECT_EQ(board.cpu_features, (std::vector<std::string>{"avx2", "fma", "f16c"}));
    EXPECT_EQ(board.vector_floats, 8);
    EXPECT_EQ(board.vector_registers, 16);
    EXPECT_EQ(board.clock_ghz, 3.2);
    EXPECT_EQ(board.l2_bytes, 262144);
    EXPECT_DOUBLE_EQ(board.peak_gflops(), 2 * 8 * 2 * 3.2);
}

TEST_F(BoardFile, EveryMissingKeyIsNamed) {
    const json good = good_board();
    for (const auto &[key, value] : good.items()) {
        json board = good;
        board.erase(key);
        const std::string error = error_of(board.dump());
        EXPECT_THAT(error, HasSubstr(file_.string() + ": \"" + key + "\" is missing, expected "));
        EXPECT_THAT(error, Not(HasSubstr("\n")));
    }
}

struct BadValue {
    const char *key;
    json value;
    const char *error;  // after "<file>: "
};

const BadValue bad_values[] = {
    {"description", 3, "\"description\" is 3, expected a line of text"},
    {"halide_target", nullptr, "\"halide_target\" is null, expected a Halide target string"},
    {"cpu_features", "avx2", "\"cpu_features\" is \"avx2\", expected a list of feature names"},
    {"cpu_features", {1, 2}, "\"cpu_features\" is [1,2], expected a list of feature names"},
    {"cpu_features",
     {"avx2", "avx3"},
     "\"cpu_features\" has \"avx3\", expected one of fma, f16c, avx2, avx512f"},
    {"vendor", 7, "\"vendor\" is 7, expected a CPUID vendor"},
    {"family", "mips", "\"family\" is \"mips\", expected \"x86\" or \"arm\""},
    {"name", "avx3", "\"name\" is \"avx3\", expected the file's stem"},
    {"vector_floats", "8", "\"vector_floats\" is \"8\", expected a whole number"},
    {"vector_floats", 8.5, "\"vector_floats\" is 8.5, expected a whole number"},
    {"vector_floats", true, "\"vector_floats\" is true, expected a whole number"},
    {"vector_floats", 12, "\"vector_floats\" is 12, expected a power of two of at least 4"},
    {"vector_floats", 2, "\"vector_floats\" is 2, expected a power of two of at least 4"},
    {"vector_floats", 128, "\"vector_floats\" is 128, expected more than 0 and at most 64"},
    {"vector_registers", 0, "\"vector_registers\" is 0, expected more than 0 and at most 64"},
    {"adds_per_cycle", -1, "\"adds_per_cycle\" is -1, expected 0 or more and at most 16"},
    {"clock_ghz", -1.5, "\"clock_ghz\" is -1.5, expected more than 0 and at most 10"},
    {"clock_ghz", "fast", "\"clock_ghz\" is \"fast\", expected a number"},
    {"l2_bytes", 1000000000000, "\"l2_bytes\" is 1000000000000, expected more than 0 and at most"},
    {"speed", 1, "unknown key \"speed\""},
};

TEST_F(BoardFile, BadValuesAreNamedWithWhatIsExpected) {
    for (const BadValue &bad : bad_values) {
        json board = good_board();
        board[bad.key] = bad.value;
        const std::string error = error_of(board.dump());
        EXPECT_THAT(error, testing::StartsWith(file_.string() + ": " + bad.error));
        EXPECT_THAT(error, Not(HasSubstr("\n")));
    }
}

TEST_F(BoardFile, TextThatIsNoBoardIsNamedInOneLine) {
    for (const char *text :
         {"", "{", "name: avx2\n\n", "[1, 2]", "\"avx2\"", "{\"name\": \"avx2\",\n}"}) {
        const std::string error = error_of(text);
        EXPECT_THAT(error, testing::StartsWith(file_.string() + ": not ")) << text;
        EXPECT_THAT(error, HasSubstr("JSON")) << text;
        EXPECT_THAT(error, Not(HasSubstr("\n"))) << text;
    }
}

TEST_F(BoardFile, AFileThatCannotBeReadIsNamed) {
    try {
        read_board(folder_ / "absent.json");
        FAIL() << "no error";
    } catch (const BoardError &error) {
        EXPECT_EQ(error.what(), (folder_ / "absent.json").string() + ": cannot be read");
    }
}

}  // namespace
}  // namespace convoy
