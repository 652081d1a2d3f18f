#include "targets/board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "targets/cpu_features.h"
#include "targets/system.h"
#include "tests/temporary_folder.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;

// Sets CONVOY_BOARDS for a test.
class BoardsFolder {
public:
    explicit BoardsFolder(const fs::path &folder) {
        if (const char *value = std::getenv("CONVOY_BOARDS")) before_ = value;
        setenv("CONVOY_BOARDS", folder.c_str(), 1);
    }
    ~BoardsFolder() {
        if (before_.empty()) {
            unsetenv("CONVOY_BOARDS");
        } else {
            setenv("CONVOY_BOARDS", before_.c_str(), 1);
        }
    }
    BoardsFolder(const BoardsFolder &) = delete;

private:
    std::string before_;
};

template<typename F>
std::string board_error_of(F f) {
    try {
        f();
    } catch (const BoardError &error) {
        return error.what();
    }
    return "no error";
}

TEST(Boards, EveryFileLoads) {
    const std::vector<std::string> names = board_names();
    ASSERT_GE(names.size(), 4u);
    EXPECT_EQ(names.front(), "host");
    for (const std::string &name : names) {
        if (name == "host") continue;
        const Board board = load_board(name);
        EXPECT_EQ(board.name, name);
        EXPECT_FALSE(board.source.empty()) << name;
        EXPECT_EQ(board.cpu_features.empty(), board.family != "x86") << name;
        EXPECT_LT(board.l1d_bytes, board.l2_bytes) << name;
        // Equal where there is no third level.
        EXPECT_LE(board.l2_bytes, board.l3_bytes) << name;
    }
}

TEST(Boards, AnUnknownNameListsTheKnownOnes) {
    std::string known;
    for (const std::string &name : board_names()) known += (known.empty() ? "" : ", ") + name;
    ASSERT_THAT(known, HasSubstr("host, apple-m1, avx2, avx512"));
    EXPECT_EQ(board_error_of([] { load_board("cray1"); }),
              "unknown board 'cray1', expected one of " + known +
                  ", or a file of one, as ./my-board.json");
    // Names are names, not paths.
    EXPECT_THAT(board_error_of([] { load_board("../boards/avx2"); }), HasSubstr("unknown board"));
}

TEST(Boards, AreReadFromTheFolderOfTheEnvironment) {
    const TemporaryFolder folder;
    fs::copy_file(boards_folder() / "avx2.json", folder.path / "avx2.json");
    const BoardsFolder here(folder.path);
    EXPECT_EQ(boards_folder(), folder.path);
    EXPECT_EQ(board_names(), (std::vector<std::string>{"host", "avx2"}));
    EXPECT_EQ(load_board("avx2").name, "avx2");
    EXPECT_THAT(board_error_of([] { load_board("zen4"); }),
                HasSubstr("expected one of host, avx2"));
}

TEST(Boards, AFileStandsForABoard) {
    const TemporaryFolder folder;
    nlohmann::json board;
    std::ifstream(boards_folder() / "avx2.json") >> board;
    board["name"] = "mine";
    const std::string file = folder.path / "mine.json";
    std::ofstream(file) << board;
    EXPECT_EQ(load_board(file).name, "mine");
    EXPECT_EQ(board_error_of([&] { load_board(file + "x.json"); }),
              file + "x.json: cannot be read");
}

TEST(Boards, AreOfASystem) {
    EXPECT_EQ(system_of(load_board("sapphirerapids")), "x86_64-linux");
    EXPECT_EQ(system_of(load_board("cortex-a53")), "aarch64-linux");
}

TEST(Boards, AFolderThatIsNotThereIsNamed) {
    const TemporaryFolder folder;
    const BoardsFolder here(folder.path / "absent");
    EXPECT_THAT(board_error_of([] { board_names(); }),
                HasSubstr((folder.path / "absent").string() + ": cannot be read"));
}

bool has_avx2(const std::vector<std::string> &features) {
    return std::find(features.begin(), features.end(), "avx2") != features.end();
}

TEST(Host, HasTheFeaturesOfItsBoard) {
    const std::vector<std::string> features = host_cpu_features();
    if (!has_avx2(features)) GTEST_SKIP() << "this CPU has no AVX2";
    const Board host = detect_host();
    EXPECT_THAT(features, testing::IsSupersetOf(host.cpu_features));
    EXPECT_EQ(load_board("host").name, host.name);
    EXPECT_GE(host.l1d_bytes, 8 << 10);
    EXPECT_GE(host.l2_bytes, host.l1d_bytes);
}

TEST(Host, IsTheBoardWithTheMostFeatures) {
    const std::vector<std::string> features = host_cpu_features();
    if (!has_avx2(features)) GTEST_SKIP() << "this CPU has no AVX2";
    const Board host = detect_host();
    for (const std::string &name : board_names()) {
        if (name == "host") continue;
        const Board board = load_board(name);
        if (!board.vendor.empty()) continue;
        const bool runs = std::all_of(
            board.cpu_features.begin(), board.cpu_features.end(), [&](const std::string &feature) {
                return std::find(features.begin(), features.end(), feature) != features.end();
            });
        if (runs) {
            EXPECT_GE(host.cpu_features.size(), board.cpu_features.size()) << name;
        }
    }
}

// CPUID's, as the kernel shows it.
std::string vendor_of_this_cpu() {
    std::ifstream stream("/proc/cpuinfo");
    std::string line;
    while (std::getline(stream, line)) {
        if (line.starts_with("vendor_id")) return line.substr(line.find(':') + 2);
    }
    return "";
}

TEST(Host, OfEqualBoardsIsTheOneOfItsVendor) {
    if (!has_avx2(host_cpu_features())) GTEST_SKIP() << "this CPU has no AVX2";
    const TemporaryFolder folder;
    nlohmann::json board;
    std::ifstream(boards_folder() / "avx2.json") >> board;
    for (const auto &[name, vendor] : std::map<std::string, std::string>{
             {"any", ""}, {"other", "NoSuchVendor"}, {"own", vendor_of_this_cpu()}}) {
        board["name"] = name;
        board["vendor"] = vendor;
        std::ofstream(folder.path / (name + ".json")) << board;
    }
    const BoardsFolder here(folder.path);
    EXPECT_EQ(detect_host().name, "own");
}

TEST(Host, WithoutABoardIsAnError) {
    const TemporaryFolder folder;
    const BoardsFolder here(folder.path);
    EXPECT_THAT(board_error_of([] { detect_host(); }),
                HasSubstr("no board file in " + folder.path.string() + " describes this CPU"));
}

TEST(CpuFeatures, AreFoundByName) {
    for (const CpuFeature &feature : known_cpu_features())
        EXPECT_EQ(find_cpu_feature(feature.name), &feature);
    EXPECT_EQ(find_cpu_feature("avx3"), nullptr);
}

}  // namespace
}  // namespace convoy
