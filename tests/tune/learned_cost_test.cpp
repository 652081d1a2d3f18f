#include "schedules/search/learned_cost.h"

#include <gtest/gtest.h>

#include <cmath>

namespace convoy {
namespace {

// 0.5 more where the tile is wide, 1 more where rows are inside.
double rule(double tile, double rows) {
    return (tile > 4 ? 0.5 : 0) + rows;
}

void learn(LearnedCost &model) {
    for (int tile = 1; tile <= 8; tile++) {
        for (int rows = 0; rows <= 1; rows++) {
            for (int other = 0; other < 3; other++)
                model.add({{"tile", tile}, {"rows", rows}, {"other", other}}, rule(tile, rows));
        }
    }
    model.fit();
}

TEST(LearnedCost, LearnsARule) {
    LearnedCost model;
    learn(model);
    EXPECT_EQ(model.size(), 48u);
    std::vector<Features> rows;
    std::vector<double> expected;
    for (int tile = 1; tile <= 8; tile++) {
        rows.push_back({{"other", 1}, {"rows", tile % 2}, {"tile", tile}});
        expected.push_back(rule(tile, tile % 2));
    }
    const std::vector<double> found = model.predict(rows);
    ASSERT_EQ(found.size(), rows.size());
    for (size_t i = 0; i < rows.size(); i++) EXPECT_NEAR(found[i], expected[i], 0.1) << i;
}

TEST(LearnedCost, IsDeterministic) {
    LearnedCost a, b;
    learn(a);
    learn(b);
    const std::vector<Features> rows = {{{"tile", 3}, {"rows", 1}}, {{"tile", 7}, {"rows", 0}}};
    EXPECT_EQ(a.predict(rows), b.predict(rows));
    a.fit();
    EXPECT_EQ(a.predict(rows), b.predict(rows));
}

TEST(LearnedCost, TakesRowsWithOtherFeatures) {
    LearnedCost model;
    learn(model);
    const std::vector<double> found =
        model.predict({{}, {{"never_seen", 3}}, {{"a", 1}, {"rows", 1}, {"tile", 2}, {"z", 9}}});
    ASSERT_EQ(found.size(), 3u);
    for (const double value : found) EXPECT_TRUE(std::isfinite(value));
    EXPECT_EQ(found[0], found[1]);
    EXPECT_NEAR(found[2], rule(2, 1), 0.25);
    // Rows that lack what others have are learned from, too.
    for (int i = 0; i < 20; i++) model.add({{"only", i}}, 2);
    model.fit();
    EXPECT_NEAR(model.predict({{{"only", 3}}})[0], 2, 0.5);
}

TEST(LearnedCost, WeightsCount) {
    LearnedCost model;
    for (int i = 0; i < 40; i++) model.add({{"x", 1}}, i % 2, i % 2 ? 9 : 1);
    model.fit();
    EXPECT_NEAR(model.predict({{{"x", 1}}})[0], 0.9, 0.05);
}

TEST(LearnedCost, FewRowsTeachNothing) {
    LearnedCost model;
    EXPECT_EQ(model.predict({{{"x", 1}}}), std::vector<double>{0});
    for (int i = 0; i < 11; i++) model.add({{"x", i}}, 5);
    model.fit();
    EXPECT_EQ(model.predict({{{"x", 1}}, {{"x", 2}}}), (std::vector<double>{0, 0}));
    EXPECT_TRUE(model.predict({}).empty());
}

}  // namespace
}  // namespace convoy
