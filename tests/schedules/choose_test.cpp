#include "schedules/choose.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "schedules/similar_kernel.h"
#include "tests/schedules/example_kernel.h"

namespace convoy {
namespace {

class Choose : public testing::Test {
protected:
    const Board board_ = load_board("avx2");
    const Kernel kernel_ = example_kernel(board_);

    std::vector<RankedSchedule> ranked(const Records &records, size_t limit = 5) const {
        return rank_schedules(kernel_, board_, records, limit);
    }

    // A record of a schedule that the model does not put first.
    Record record_of_a_slower_one() const {
        std::vector<RankedSchedule> all = ranked({}, 1000000);
        std::erase_if(all, [](const auto &r) { return r.schedule.template_name != "oc_vectors"; });
        Record record;
        record.schedule = all.at(all.size() / 2).schedule;
        record.template_version = template_of(record.schedule, board_).version;
        record.time_us = 100;
        return record;
    }

    // What is ranked first when there is only this record.
    RankedSchedule first_with(const Record &record) const {
        Records records;
        records.add(to_string(kernel_), record);
        return ranked(records).front();
    }
};

TEST_F(Choose, FastestFirstAndTheReferenceLast) {
    const std::vector<RankedSchedule> list = ranked({}, 8);
    ASSERT_EQ(list.size(), 9u);
    EXPECT_EQ(list.back().schedule.template_name, "reference");
    for (size_t i = 0; i + 1 < list.size(); i++) {
        EXPECT_NE(list[i].schedule.template_name, "reference");
        EXPECT_FALSE(list[i].from_record());
        EXPECT_LE(list[i].cycles, list[std::min(i + 1, list.size() - 2)].cycles);
    }
    EXPECT_LT(list.front().cycles, list.back().cycles);
    EXPECT_EQ(best_cycles(kernel_, board_, {}), list.front().cycles);
}

TEST_F(Choose, LimitKeepsTheBest) {
    const std::vector<RankedSchedule> one = ranked({}, 1), many = ranked({}, 50);
    ASSERT_EQ(one.size(), 2u);
    ASSERT_EQ(many.size(), 51u);
    EXPECT_EQ(one.front().schedule, many.front().schedule);
}

TEST_F(Choose, WithoutWinogradOnlyExactTemplates) {
    const auto uses_winograd = [](const RankedSchedule &r) {
        return !template_of(r.schedule, load_board("avx2")).is_exact;
    };
    const std::vector<RankedSchedule> with = ranked({}, 1000000);
    const std::vector<RankedSchedule> without =
        rank_schedules(kernel_, board_, {}, 1000000, {.winograd = false});
    const auto count = std::count_if(with.begin(), with.end(), uses_winograd);
    EXPECT_GT(count, 0);
    EXPECT_EQ(std::count_if(without.begin(), without.end(), uses_winograd), 0);
    EXPECT_EQ(without.size() + count, with.size());

    Record record;
    record.schedule = std::find_if(with.begin(), with.end(), uses_winograd)->schedule;
    record.template_version = template_of(record.schedule, board_).version;
    Records records;
    records.add(to_string(kernel_), record);
    EXPECT_TRUE(ranked(records).front().from_record());
    EXPECT_FALSE(
        rank_schedules(kernel_, board_, records, 5, {.winograd = false}).front().from_record());
}

TEST_F(Choose, LimitsKeepTilesSmall) {
    const auto largest = [&](const ScheduleRules &rules) {
        int most = 0;
        for (const RankedSchedule &ranked : rank_schedules(kernel_, board_, {}, 1000, rules))
            most = std::max(most, packing_of(std::get<Conv2dKernel>(kernel_), ranked.schedule).m);
        return most;
    };
    ScheduleRules rules;
    const int free = largest(rules);
    ASSERT_GT(free, 2);
    ConvProblem other = std::get<Conv2dKernel>(kernel_).problem;
    other.oc *= 2;
    rules.limits = {{limit_key(other), 0}};
    EXPECT_EQ(largest(rules), free);
    rules.limits.push_back({limit_key(std::get<Conv2dKernel>(kernel_).problem), free - 1});
    EXPECT_LT(largest(rules), free);
    EXPECT_GT(largest(rules), 0);
    rules.limits.back().most = 0;
    EXPECT_EQ(largest(rules), 0);
}

TEST_F(Choose, ARecordOverridesTheModel) {
    const Record record = record_of_a_slower_one();
    ASSERT_NE(ranked({}).front().schedule, record.schedule);
    Records records;
    records.add(to_string(kernel_), record);
    const std::vector<RankedSchedule> list = ranked(records);
    EXPECT_EQ(list.front().schedule, record.schedule);
    EXPECT_TRUE(list.front().from_record());
    EXPECT_DOUBLE_EQ(list.front().cycles, 100e-6 * board_.clock_ghz * 1e9);
    EXPECT_EQ(std::count_if(list.begin(), list.end(),
                            [&](const auto &r) { return r.schedule == record.schedule; }),
              1);
    EXPECT_EQ(best_cycles(kernel_, board_, records), list.front().cycles);
}

TEST_F(Choose, ARecordOfAnotherKernelIsNotUsed) {
    Records records;
    records.add("another kernel", record_of_a_slower_one());
    EXPECT_FALSE(ranked(records).front().from_record());
}

TEST_F(Choose, ARecordServesWhatDiffersInHalosAndEpilogue) {
    const Conv2dKernel &own = std::get<Conv2dKernel>(kernel_);
    const Record record = record_of_a_slower_one();
    Records records;
    records.add(to_string(kernel_), record);
    Conv2dKernel similar = own;
    similar.output.halo = {1, 1, 1, 1};
    similar.activation = Activation::relu();
    similar.residual = similar.output;
    const RankedSchedule found = rank_schedules(similar, board_, records, 5).front();
    EXPECT_EQ(found.schedule, record.schedule);
    EXPECT_TRUE(found.from_record());
    EXPECT_FALSE(found.is_of(similar));
    EXPECT_TRUE(ranked(records).front().is_of(kernel_));
    EXPECT_DOUBLE_EQ(found.cycles, ranked(records).front().cycles);
    EXPECT_DOUBLE_EQ(*best_cycles(similar, board_, records), found.cycles * records.doubt);

    // More images want another schedule: one that reads weights less often.
    Conv2dKernel batch = own;
    batch.problem.mb = batch.input.mb = batch.output.mb = 4 * own.problem.mb;
    EXPECT_FALSE(rank_schedules(batch, board_, records, 5).front().from_record());

    // Of several similar ones the fastest, wherever it comes in the list.
    for (const double times : {2.0, 0.5, 4.0}) {
        Conv2dKernel other = own;
        other.output.halo.left = (int)(times * 2);
        Record of_other = record;
        of_other.time_us *= times;
        records.add(to_string(Kernel(other)), of_other);
    }
    EXPECT_DOUBLE_EQ(rank_schedules(similar, board_, records, 5).front().cycles, found.cycles / 2);

    // The kernel's own goes before a similar one's.
    Record mine = record;
    mine.time_us *= 3;
    records.add(to_string(similar), mine);
    EXPECT_TRUE(rank_schedules(similar, board_, records, 5).front().is_of(similar));
    EXPECT_TRUE(ranked(records).front().is_of(kernel_));
}

TEST(SimilarKernel, IsToldByWindowAndLayoutsAlone) {
    const char *plain = "conv2d g8ic64ih14oc64oh14kh3ph1 nChw16c/g8->nChw8c";
    EXPECT_EQ(similar_kernel(plain), "g8ic64ih14oc64oh14kh3ph1 nChw16c/g8->nChw8c");
    EXPECT_EQ(similar_kernel("conv2d g8ic64ih14oc64oh14kh3ph1+bias+add+clip(0,6) "
                             "nChw16c/g8+1,1,2,10->nChw8c+1,0,0,0 add nChw8c"),
              similar_kernel(plain));
    EXPECT_NE(similar_kernel("conv2d mb4g8ic64ih14oc64oh14kh3ph1 nChw16c/g8->nChw8c"),
              similar_kernel(plain));
    EXPECT_NE(similar_kernel("conv2d g8ic64ih14oc64oh14kh3ph1 nChw16c/g8->nChw16c"),
              similar_kernel(plain));
    EXPECT_NE(similar_kernel("conv2d g8ic64ih14oc64oh14kh3 nChw16c/g8->nChw8c"),
              similar_kernel(plain));
    EXPECT_EQ(similar_kernel("separable_conv2d g8ic8ih8oc8oh8kh3ph1+bias oc8+bias nChw8c->nChw8c"),
              "");
}

TEST_F(Choose, RecordsThatDoNotApplyAreIgnored) {
    const Record good = record_of_a_slower_one();
    ASSERT_TRUE(first_with(good).from_record());
    Record other_version = good;
    other_version.template_version++;
    Record unknown_template = good;
    unknown_template.schedule.template_name = "gone";
    Record illegal = good;
    illegal.schedule.parameters["tile_ow"] = 1000;
    Record missing_parameter = good;
    missing_parameter.schedule.parameters.erase("tile_ow");
    Record unknown_parameter = good;
    unknown_parameter.schedule.parameters["tile_of_another_version"] = 1;
    for (const Record &record :
         {other_version, unknown_template, illegal, missing_parameter, unknown_parameter}) {
        const RankedSchedule first = first_with(record);
        EXPECT_FALSE(first.from_record()) << to_string(record.schedule);
        EXPECT_EQ(first.schedule, ranked({}).front().schedule);
    }
}

TEST_F(Choose, NoTemplateForTheLayoutsIsNoSchedule) {
    Conv2dKernel blocked_to_plain = std::get<Conv2dKernel>(kernel_);
    const View &out = blocked_to_plain.output;
    blocked_to_plain.output = make_view(1, out.c, out.h, out.w, {}, board_.vector_floats);
    EXPECT_TRUE(rank_schedules(blocked_to_plain, board_, {}, 5).empty());
    EXPECT_FALSE(best_cycles(blocked_to_plain, board_, {}).has_value());
}

}  // namespace
}  // namespace convoy
