#include "generators/problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace convoy {
namespace {

using testing::HasSubstr;

TEST(Problem, EveryLetterIsParsed) {
    const ConvProblem p =
        parse_conv_problem("mb2g4ic8ih30iw40oc12oh15ow10kh3kw5sh2sw3dh2dw4ph1pw2phe3pwe4");
    const ConvProblem expected{.mb = 2,
                               .g = 4,
                               .ic = 8,
                               .ih = 30,
                               .iw = 40,
                               .oc = 12,
                               .oh = 15,
                               .ow = 10,
                               .kh = 3,
                               .kw = 5,
                               .sh = 2,
                               .sw = 3,
                               .dh = 2,
                               .dw = 4,
                               .ph = 1,
                               .pw = 2,
                               .ph_end = 3,
                               .pw_end = 4};
    EXPECT_EQ(p, expected);
}

TEST(Problem, MissingLettersHaveDefaults) {
    const ConvProblem p = parse_conv_problem("ic3ih32oc8kh3sh2ph1");
    const ConvProblem expected{.ic = 3,
                               .ih = 32,
                               .iw = 32,
                               .oc = 8,
                               .oh = 16,
                               .ow = 16,
                               .kh = 3,
                               .kw = 3,
                               .sh = 2,
                               .sw = 2,
                               .ph = 1,
                               .pw = 1,
                               .ph_end = 1,
                               .pw_end = 1};
    EXPECT_EQ(p, expected);
}

TEST(Problem, NameAndEpilogueFollowTheShape) {
    const ConvProblem plain = parse_conv_problem("g4ic64ih56oc64oh56kh3ph1");
    EXPECT_EQ(parse_conv_problem("g4ic64ih56oc64oh56kh3ph1n\"res2a\""), plain);
    EXPECT_EQ(parse_conv_problem("g4ic64ih56oc64oh56kh3ph1n\"res2a\"+bias+add+relu"), plain);
    EXPECT_EQ(parse_conv_problem("g4ic64ih56oc64oh56kh3ph1+bias"), plain);
}

TEST(Problem, PrintsWithoutDefaults) {
    EXPECT_EQ(to_string(parse_conv_problem("g4ic64ih56oc64kh3ph1")), "g4ic64ih56oc64oh56kh3ph1");
    EXPECT_EQ(to_string(parse_conv_problem("mb1g1ic3ih8iw8oc4kh1kw1sh1dh1ph0")),
              "g1ic3ih8oc4oh8kh1ph0");
}

TEST(Problem, TextRoundTrips) {
    for (const char *text : {
             "g1ic3ih8oc4oh8kh1ph0",
             "mb2g4ic8ih30iw40oc12oh15ow10kh3kw5sh2sw3dh2dw4ph1pw2phe3pwe4",
             "g2ic4ih9iw12oc6oh9ow12kh3ph1",
             "g1ic4ih9oc6oh9ow5kh3sh1sw2ph1",
             "g1ic4ih9oc6oh9ow7kh3dh1dw2ph1",
             "g1ic4ih9oc6oh9ow11kh3ph1pw2",
             "g1ic4ih9oc6oh8ow9kh3ph1phe0",
             "g1ic4ih9oc6oh9ow8kh3ph1pwe0",
             "g1ic4ih9oc6oh9ow11kh3kw1ph1",
         }) {
        EXPECT_EQ(to_string(parse_conv_problem(text)), text);
    }
}

struct BadText {
    const char *text, *error;
};

constexpr BadText bad_texts[] = {
    {"", "'ic' is missing"},
    {"ic3ih8oc4", "'kh' is missing"},
    {"ic3oc4kh3", "'ih' is missing"},
    {"ih3oc4kh3", "'ic' is missing"},
    {"ic3ih3kh3", "'oc' is missing"},
    {"ic3ih8oc4kh3xx2", "unknown letter 'xx'"},
    {"ic3ih8oc4kh3IC2", "found 'IC2'"},
    {"ic3ih8oc4kh3ic3", "'ic' is given twice"},
    {"ic3ih8oc4kh", "found 'kh'"},
    {"ic3ih8oc4kh-3", "found 'kh-3'"},
    {"ic1234567ih8oc4kh3", "found 'ic1234567"},
    {"3ic3ih8oc4kh3", "unknown letter ''"},
    {"ic3 ih8oc4kh3", "found ' ih8oc4kh3'"},
    {"ic3ih8oc4kh3nonsense", "unknown letter 'nonsense'"},
    {"ic3ih8oc4kh3n\"open", "the name has no closing quote"},
    {"ic3ih8oc4kh3n\"a\"sh2", "found 'sh2' after the name"},
    {"g2ic3ih8oc4kh3", "ic 3 is not divisible by g 2"},
    {"g2ic4ih8oc3kh3", "oc 3 is not divisible by g 2"},
    {"g0ic4ih8oc4kh3", "g is 0, expected at least 1"},
    {"ic0ih8oc4kh3", "ic is 0, expected at least 1"},
    {"ic4ih8oc4kh3sh0", "sh is 0, expected at least 1"},
    {"ic4ih8oc4kh3dh0", "dh is 0, expected at least 1"},
    {"ic4ih8oc4kh3oh5", "oh is 5, expected 6"},
    {"ic4ih8oc4kh3ow5", "ow is 5, expected 6"},
    {"ic4ih8oc4kh9", "kh 9 exceeds ih 8 and its pads"},
    // One row short, which a stride must not hide.
    {"ic4ih2oc4kh3sh2", "kh 3 exceeds ih 2 and its pads"},
    {"ic4ih8iw2oc4kh3dw2sw4", "kw 3 exceeds iw 2 and its pads"},
};

TEST(Problem, BadTextsAreNamed) {
    for (const BadText &bad : bad_texts) {
        try {
            parse_conv_problem(bad.text);
            ADD_FAILURE() << "no error for '" << bad.text << "'";
        } catch (const std::invalid_argument &error) {
            EXPECT_THAT(error.what(), HasSubstr(bad.error)) << bad.text;
        }
    }
}

TEST(Problem, NegativePadsAreNamed) {
    ConvProblem p = parse_conv_problem("ic4ih8oc4kh3");
    p.pw_end = -1;
    try {
        check(p);
        FAIL() << "no error";
    } catch (const std::invalid_argument &error) {
        EXPECT_THAT(error.what(), HasSubstr("pwe is -1, expected at least 0"));
    }
}

TEST(Problem, OutputExtent) {
    EXPECT_EQ(output_extent(8, 3, 1, 1, 1, 1), 8);
    EXPECT_EQ(output_extent(8, 3, 2, 1, 1, 1), 4);
    EXPECT_EQ(output_extent(8, 3, 2, 1, 0, 1), 4);
    EXPECT_EQ(output_extent(8, 3, 1, 2, 0, 0), 4);
    EXPECT_EQ(output_extent(3, 3, 2, 1, 0, 0), 1);
    EXPECT_EQ(output_extent(2, 3, 2, 1, 0, 0), 0);
}

TEST(Problem, Counts) {
    const ConvProblem p = parse_conv_problem("mb2g4ic64ih56oc128kh3ph1");
    EXPECT_EQ(p.weight_count(), 128 * 16 * 9);
    EXPECT_EQ(p.macs(), int64_t{2} * 128 * 56 * 56 * 16 * 9);
    // Beyond 32 bits.
    EXPECT_EQ(parse_conv_problem("ic4096ih64oc4096kh3ph1").macs(),
              int64_t{4096} * 4096 * 64 * 64 * 9);
}

}  // namespace
}  // namespace convoy
