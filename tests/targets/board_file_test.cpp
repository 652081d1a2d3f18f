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

json good_board(const std::string &name = "avx2") {
    std::ifstream stream(boards_folder() / (name + ".json"));
    return json::parse(stream);
}

class BoardFile : public testing::Test {
protected:
    const TemporaryFolder temporary_;
    const std::filesystem::path &folder_ = temporary_.path;
    const std::filesystem::path file_ = folder_ / "avx2.json";

    // The error of reading a board file of this text, empty where there is none.
    std::string error_of(const std::string &text) const { return error_of(file_, text); }
    static std::string error_of(const std::filesystem::path &file, const std::string &text) {
        std::ofstream(file) << text;
        try {
            read_board(file);
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

TEST_F(BoardFile, ReadsWhatAGpuHas) {
    const std::filesystem::path file = folder_ / "cuda-sm80.json";
    EXPECT_EQ(error_of(file, good_board("cuda-sm80").dump()), "");
    const Board board = read_board(file);
    ASSERT_TRUE(board.gpu.has_value());
    EXPECT_EQ(board.gpu->api, "cuda");
    EXPECT_EQ(board.gpu->compute_capability, 80);
    EXPECT_EQ(board.vector_floats, 1);
    EXPECT_NEAR(board.peak_gflops(), 2 * 108 * 64 * 1.41, 1);
}

TEST_F(BoardFile, EveryMissingKeyIsNamed) {
    for (const std::string name : {"avx2", "cuda-sm80"}) {
        const std::filesystem::path file = folder_ / (name + ".json");
        const json good = good_board(name);
        for (const auto &[key, value] : good.items()) {
            if (key == "mca_cpu") continue;  // the one that may be missing
            json board = good;
            board.erase(key);
            const std::string error = error_of(file, board.dump());
            EXPECT_THAT(error,
                        HasSubstr(file.string() + ": \"" + key + "\" is missing, expected "));
            EXPECT_THAT(error, Not(HasSubstr("\n")));
        }
    }
}

TEST_F(BoardFile, AnUnknownInterfaceOfAGpuIsNamed) {
    json board = good_board("opencl");
    board["api"] = "metal";
    const std::filesystem::path file = folder_ / "opencl.json";
    EXPECT_EQ(error_of(file, board.dump()),
              file.string() + ": \"api\" is \"metal\", expected \"cuda\" or \"opencl\"");
}

TEST_F(BoardFile, AGpusTargetHasItsInterface) {
    json board = good_board("opencl");
    board["halide_target"] = "x86-64-linux-cuda-cuda_capability_80";
    EXPECT_THAT(error_of(folder_ / "opencl.json", board.dump()),
                HasSubstr("expected none with cuda, as \"family\" and \"api\" are"));
    board = good_board();
    board["halide_target"] = "x86-64-linux-sse41-avx-avx2-f16c-fma-opencl";
    EXPECT_THAT(error_of(board.dump()), HasSubstr("expected none with opencl"));
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
    {"cpu_features",
     {"avx2", "fma"},
     "\"cpu_features\" lacks \"f16c\", expected what \"halide_target\" uses"},
    {"family", "mips", "\"family\" is \"mips\", expected \"x86\", \"arm\" or \"gpu\""},
    {"family", "arm", "\"family\" is \"arm\", expected \"x86\", as \"halide_target\""},
    {"halide_target", "x86-64-linux-avx3",
     "\"halide_target\" is \"x86-64-linux-avx3\", expected a Halide target, as x86-64-linux-avx2"},
    {"halide_target", "", "\"halide_target\" is \"\", expected a Halide target"},
    {"halide_target", "x86-64-windows-avx2",
     "\"halide_target\" is \"x86-64-windows-avx2\", expected one that starts with x86-64-linux "
     "or "},
    {"halide_target", "x86-32-linux-avx2",
     "\"halide_target\" is \"x86-32-linux-avx2\", expected one that starts with x86-64-linux or "},
    {"halide_target", "arm-64-linux",
     "\"clang_triple\" is \"x86_64-linux-gnu\", expected one of \"halide_target\"'s system, as "
     "aarch64-linux-gnu"},
    {"halide_target", "x86-64-linux-avx2-fma-f16c-avx512_skylake",
     "\"cpu_features\" lacks \"avx512vl\", expected what \"halide_target\" uses"},
    {"clang_triple", "x86_64-windows-msvc",
     "\"clang_triple\" is \"x86_64-windows-msvc\", expected one"},
    {"clang_triple", "x86_64", "\"clang_triple\" is \"x86_64\", expected one of"},
    {"clang_triple", "", "\"clang_triple\" is \"\", expected one of"},
    {"name", "avx3", "\"name\" is \"avx3\", expected the file's stem, \"avx2\""},
    {"name", "", "\"name\" is \"\", expected the file's stem"},
    {"source", "", "\"source\" is \"\", expected a line of where the numbers come from"},
    {"description", "two\nlines", "\"description\" is \"two\\nlines\", expected a line of text"},
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
    {"l2_bytes", 16384, "\"l2_bytes\" is 16384, expected no less than \"l1d_bytes\""},
    {"l3_bytes", 65536, "\"l3_bytes\" is 65536, expected no less than \"l2_bytes\""},
    {"speed", 1, "unknown key \"speed\", expected adds_per_cycle, clang_triple, "},
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

TEST_F(BoardFile, NamesAreOfLettersAndDigits) {
    for (const char *name : {"host", "my board", "a\"b", "ä"}) {
        json board = good_board();
        board["name"] = name;
        const std::filesystem::path file = folder_ / (std::string(name) + ".json");
        std::ofstream(file) << board;
        try {
            read_board(file);
            ADD_FAILURE() << "no error for " << name;
        } catch (const BoardError &error) {
            EXPECT_THAT(error.what(), HasSubstr(", expected letters, digits, '.', '-' and '_'"));
        }
    }
}

TEST_F(BoardFile, ArmHasNoCpuFeatures) {
    std::ifstream stream(boards_folder() / "cortex-a72.json");
    json board = json::parse(stream);
    board["name"] = "avx2";
    EXPECT_EQ(error_of(board.dump()), "");
    board["cpu_features"] = {"fma"};
    EXPECT_EQ(error_of(board.dump()),
              file_.string() + ": \"cpu_features\" has \"fma\", expected none for aarch64-linux");
}

TEST_F(BoardFile, AKeyThatIsThereTwiceIsNamed) {
    std::string text = good_board().dump();
    text.insert(1, "\"clock_ghz\": 3,");
    EXPECT_EQ(error_of(text), file_.string() + ": \"clock_ghz\" is there twice, expected once");
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
