// The tiling program and its bound: closed forms, and that no order of computation goes below it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <list>
#include <numeric>
#include <random>
#include <unordered_map>

#include "schedules/bounds/kernel_bound.h"
#include "schedules/bounds/linear_program.h"
#include "schedules/bounds/tiling.h"

namespace convoy {
namespace {

using testing::HasSubstr;

ConvProblem problem(const std::string &text) {
    return parse_conv_problem(text);
}

TEST(LinearProgram, Optimum) {
    // The corner of two rows, then of a row and a bound.
    LinearProgram two({3, 2}, {1e30, 1e30});
    two.add_row(std::vector<double>{1, 1}, 4);
    two.add_row(std::vector<double>{1, 3}, 6);
    EXPECT_NEAR(two.maximise().value, 12, 1e-9);
    LinearProgram bounded({1, 1}, {2.5, 1e30});
    bounded.add_row(std::vector<double>{1, 1}, 4);
    bounded.add_row(std::vector<double>{0, 1}, 1);
    const LinearProgram::Solution solution = bounded.maximise();
    EXPECT_NEAR(solution.value, 3.5, 1e-9);
    EXPECT_NEAR(solution.x[0], 2.5, 1e-9);
}

TEST(LinearProgram, WithoutOptimum) {
    const LinearProgram unlimited({1}, {std::numeric_limits<double>::infinity()});
    EXPECT_THROW(unlimited.maximise(), std::logic_error);
    LinearProgram excluded({1}, {1});
    excluded.add_row(std::vector<double>{1}, -1);
    EXPECT_THROW(excluded.maximise(), std::logic_error);
}

// --- closed forms ---

TEST(TrafficBound, MatrixProduct) {
    // 2 M N K / sqrt(cache) floats, where the matrices are large.
    const ConvProblem p = problem("ic2048ih64oc2048kh1");
    for (const double floats : {1024, 4096, 16384}) {
        const double expected = 4 * 2 * (double)p.macs() / std::sqrt(floats);
        const TrafficBound bound = traffic_bound(p, (int64_t)(4 * floats));
        EXPECT_NEAR(bound.program_bytes / expected, 1, 0.02) << floats;
    }
}

TEST(Tiling, MatrixProduct) {
    // A cube of sides sqrt(M / 3).
    const Tiling tiling = best_tiling(problem("ic2048ih64oc2048kh1"), 4 * 3 * 1024);
    EXPECT_NEAR(tiling.real.ic, 32, 1);
    EXPECT_NEAR(tiling.real.oc, 32, 1);
    EXPECT_NEAR(tiling.real.oh * tiling.real.ow, 1024 / 32, 1);
}

TEST(Tiling, SmallLayerIsWhole) {
    const ConvProblem p = problem("g4ic16ih8oc32kh3ph1sh2");
    const Tiling tiling = best_tiling(p, 1 << 20);
    EXPECT_EQ(tiling.tile.macs(), (double)p.macs());
    EXPECT_NEAR(tiling.real.macs(), (double)p.macs(), 1e-3 * (double)p.macs());
    EXPECT_EQ(traffic_bound(p, 1 << 20).program_bytes, 0);
}

TEST(Tiling, TapsAndFewChannelsAreNotCut) {
    // As the paper finds: rows and columns alone are (section 4.5.1).
    const ConvProblem depthwise = problem("g32ic32ih112oc32kh3ph1");
    const Tiling planes = best_tiling(depthwise, 32 << 10);
    EXPECT_NEAR(planes.real.kh * planes.real.kw, 9, 0.01);
    EXPECT_NEAR(planes.real.g * planes.real.oh * planes.real.ow, ((32 << 10) / 4 - 9) / 2, 10);
    EXPECT_LE(footprint_bytes(depthwise, planes.tile), 32 << 10);
    const Tiling pointwise = best_tiling(problem("ic16ih112oc8kh1"), 32 << 10);
    EXPECT_NEAR(pointwise.real.ic, 16, 0.01);
    EXPECT_NEAR(pointwise.real.oc, 8, 0.01);
    EXPECT_NEAR(pointwise.real.oh * pointwise.real.ow, (8192 - 128) / 24, 2);
}

TEST(TrafficBound, DepthwiseNeedsEachElementOnce) {
    for (const char *text : {"g64ic64ih56oc64kh3ph1", "g144ic144ih56oc144kh3ph1sh2",
                             "g96ic96ih56oc96kh7ph3", "g240ic240ih14oc240kh5ph2"}) {
        const TrafficBound bound = traffic_bound(problem(text), 32 << 10);
        EXPECT_EQ(bound.bytes(), bound.compulsory_bytes) << text;
    }
}

TEST(TrafficBound, Compulsory) {
    EXPECT_EQ(traffic_bound(problem("ic3ih4oc5kh3ph1"), 1 << 20).compulsory_bytes,
              4 * (3 * 16 + 5 * 3 * 9 + 5 * 16));
    // Pixels that the stride skips, and taps that see pads alone, are not read.
    EXPECT_EQ(traffic_bound(problem("ic3ih5oc5kh1sh2"), 1 << 20).compulsory_bytes,
              4 * (3 * 9 + 5 * 3 + 5 * 9));
    EXPECT_EQ(traffic_bound(problem("ic3ih1oc5kh3ph1"), 1 << 20).compulsory_bytes,
              4 * (3 + 5 * 3 + 5));
}

TEST(TrafficBound, GroupsAreLayersOfTheirOwn) {
    for (const int64_t cache : {256, 2048, 32 << 10}) {
        const TrafficBound one = traffic_bound(problem("ic16ih14oc16kh3ph1"), cache),
                           eight = traffic_bound(problem("g8ic128ih14oc128kh3ph1"), cache);
        EXPECT_DOUBLE_EQ(eight.program_bytes, 8 * one.program_bytes) << cache;
        EXPECT_DOUBLE_EQ(eight.compulsory_bytes, 8 * one.compulsory_bytes) << cache;
    }
    // The tile has one group where a group fills the cache, all where they fit.
    EXPECT_NEAR(best_tiling(problem("g8ic128ih14oc128kh3ph1"), 2048).real.g, 1, 0.01);
    EXPECT_EQ(best_tiling(problem("g8ic128ih14oc128kh3ph1"), 4 << 20).tile.g, 8);
}

TEST(TrafficBound, SmallerForLargerCaches) {
    for (const char *text : {"ic64ih56oc64kh3ph1", "g4ic64ih14oc64kh3ph1sh2", "ic512ih7oc512kh1",
                             "ic8ih32oc8kh7ph3dh2", "mb4ic32ih8oc64kh3ph1"}) {
        double last = std::numeric_limits<double>::infinity();
        for (double cache = 12; cache < 1e7; cache *= 1.7) {
            const double bytes = traffic_bound(problem(text), (int64_t)cache).program_bytes;
            EXPECT_LE(bytes, last) << text << " " << cache;
            last = bytes;
        }
        EXPECT_EQ(last, 0) << text;
    }
}

// --- degenerate extents ---

TEST(Tiling, DegenerateExtents) {
    for (const char *text :
         {"ic1ih1oc1kh1", "ic1ih9oc1kh9", "ic7ih1iw31oc3kh1kw5", "g3ic3ih2oc3kh2",
          "ic5ih9oc4kh3sh5", "ic2ih40oc2kh3sh2dh3", "ic1ih30oc2kh11sh4ph5"}) {
        const ConvProblem p = problem(text);
        for (const int64_t cache : {12, 16, 32, 60, 100, 1000, 1 << 20}) {
            const Tiling tiling = best_tiling(p, cache);
            EXPECT_LE(footprint_bytes(p, tiling.tile), (double)cache) << text << " " << cache;
            EXPECT_GE(tiling.tile.macs(), 1) << text << " " << cache;
            EXPECT_GE(traffic_bound(p, cache).bytes(), traffic_bound(p, 1 << 20).bytes());
        }
    }
}

TEST(Tiling, NoRoom) {
    try {
        best_tiling(problem("ic8ih8oc8kh3"), 11);
        FAIL();
    } catch (const std::invalid_argument &error) {
        EXPECT_THAT(error.what(), HasSubstr("a cache of 11 bytes, expected room for three floats"));
    }
    EXPECT_THROW(traffic_bound(problem("ic8ih8oc8kh3"), 0), std::invalid_argument);
}

// --- no order of computation goes below the bound ---

// A memory of so many floats that keeps what was used last, writes what is dropped, and need not
// read an output that nothing was added to yet.
class Cache {
public:
    explicit Cache(size_t floats) : floats_(floats) {}

    void read(int64_t address) { use(address, false); }
    void update(int64_t address) { use(address, true); }
    int64_t moved() {
        for (const Line &line : lines_) moved_ += line.is_changed;
        lines_.clear(), at_.clear();
        return moved_;
    }

private:
    struct Line {
        int64_t address;
        bool is_changed;
    };

    void use(int64_t address, bool changes) {
        const auto found = at_.find(address);
        if (found != at_.end()) {
            lines_.splice(lines_.begin(), lines_, found->second);
        } else {
            const bool begins = changes && begun_.insert({address, true}).second;
            if (!begins) moved_++;
            if (lines_.size() == floats_) {
                moved_ += lines_.back().is_changed;
                at_.erase(lines_.back().address);
                lines_.pop_back();
            }
            lines_.push_front({address, false});
            at_[address] = lines_.begin();
        }
        lines_.front().is_changed |= changes;
    }

    size_t floats_;
    int64_t moved_ = 0;
    std::list<Line> lines_;  // used last first
    std::unordered_map<int64_t, std::list<Line>::iterator> at_;
    std::unordered_map<int64_t, bool> begun_;
};

// Loops mb g oc ic oh ow kh kw, by their place in an order.
using Loops = std::array<int, 8>;

Loops extents_of(const ConvProblem &p) {
    return {p.mb, p.g, p.oc_per_group(), p.ic_per_group(), p.oh, p.ow, p.kh, p.kw};
}

// Floats moved by tiles in one order of loops, and within each in another.
int64_t moved_by(const ConvProblem &p, size_t cache_floats, const Loops &tile, const Loops &outer,
                 const Loops &inner) {
    const Loops extents = extents_of(p);
    Cache cache(cache_floats);
    Loops first{}, at{};
    const int64_t input = int64_t{p.mb} * p.ic * p.ih * p.iw, weights = p.weight_count();
    const auto visit = [&] {
        const auto [mb, g, oc, ic, oh, ow, kh, kw] = at;
        const int ih = oh * p.sh + kh * p.dh - p.ph, iw = ow * p.sw + kw * p.dw - p.pw;
        if (ih < 0 || ih >= p.ih || iw < 0 || iw >= p.iw) return;
        const int64_t ic_all = g * p.ic_per_group() + ic, oc_all = g * p.oc_per_group() + oc;
        cache.read(((mb * p.ic + ic_all) * p.ih + ih) * p.iw + iw);
        cache.read(input + ((oc_all * p.ic_per_group() + ic) * p.kh + kh) * p.kw + kw);
        cache.update(input + weights + ((mb * p.oc + oc_all) * p.oh + oh) * p.ow + ow);
    };
    const auto within = [&](auto &&self, size_t depth) -> void {
        if (depth == inner.size()) return visit();
        const int loop = inner[depth];
        const int last = std::min(first[loop] + tile[loop], extents[loop]);
        for (at[loop] = first[loop]; at[loop] < last; at[loop]++) self(self, depth + 1);
    };
    const auto over = [&](auto &&self, size_t depth) -> void {
        if (depth == outer.size()) return within(within, 0);
        const int loop = outer[depth];
        for (first[loop] = 0; first[loop] < extents[loop]; first[loop] += tile[loop])
            self(self, depth + 1);
    };
    over(over, 0);
    return cache.moved();
}

Loops shuffled(std::mt19937 &random) {
    Loops order;
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    return order;
}

constexpr const char *small_layers[] = {
    "ic6ih4oc6kh1",       "ic4ih6oc4kh3ph1",     "g2ic8ih5oc8kh3ph1",   "g6ic6ih8oc6kh3ph1",
    "ic3ih9oc4kh3sh2ph1", "ic2ih9oc2kh5ph2",     "mb2ic3ih5oc3kh2",     "ic16ih1oc16kh1",
    "ic1ih16oc1kh7ph3",   "ic2ih12oc3kh3dh2ph2", "ic12ih3oc1kh3ph1",    "ic1ih3oc12kh3ph1",
    "ic4ih11oc4kh4sh3",   "ic2ih13oc2kh3sh2dh3", "ic8ih1iw24oc2kh1kw6",
};

// The key test. Tiles are random, their order and that of the loops within them too.
TEST(TrafficBound, HoldsForSimulatedTiles) {
    std::mt19937 random(1);
    double closest = 1e9;
    for (const char *text : small_layers) {
        const ConvProblem p = problem(text);
        for (const int floats : {3, 5, 9, 17, 40, 100, 250}) {
            const TrafficBound bound = traffic_bound(p, 4 * floats);
            for (int trial = 0; trial < 30; trial++) {
                Loops tile = extents_of(p);
                for (int &extent : tile) extent = std::uniform_int_distribution(1, extent)(random);
                const double bytes =
                    4.0 * (double)moved_by(p, floats, tile, shuffled(random), shuffled(random));
                ASSERT_GE(bytes, bound.bytes()) << text << " in " << floats << " floats";
                if (bound.program_bytes > bound.compulsory_bytes)
                    closest = std::min(closest, bytes / bound.program_bytes);
            }
        }
    }
    // The bound is one to come near to, not 0.
    EXPECT_LT(closest, 1.7);
}

// Bytes that tiles of one size move, where one array stays while loops that it does not have run.
double least_bytes(const ConvProblem &p, const Loops &tile) {
    const auto [mb, g, oc, ic, oh, ow, kh, kw] = tile;
    const Loops extents = extents_of(p);
    double tiles = 1;
    for (size_t loop = 0; loop < tile.size(); loop++) tiles *= extents[loop] / tile[loop];
    const double weights = g * oc * ic * kh * kw, output = mb * g * oc * oh * ow;
    const double input = footprint_bytes(p, {(double)mb, (double)g, (double)oc, (double)ic,
                                             (double)oh, (double)ow, (double)kh, (double)kw}) /
                             4 -
                         weights - output;
    // Outputs are written, and read but for the first time.
    const double all_output = (double)p.mb * p.oc * p.oh * p.ow;
    const double updates = 2 * tiles * output - all_output;
    const auto kept = [&](std::initializer_list<int> loops) {
        double times = tiles;
        for (const int loop : loops) times /= extents[loop] / tile[loop];
        return times;
    };
    enum { MB, G, OC, IC, OH, OW, KH, KW };
    return 4 * std::min({tiles * (input + weights) + all_output,
                         tiles * input + kept({MB, OH, OW}) * weights + updates,
                         kept({OC}) * input + tiles * weights + updates});
}

// All tiles that divide the layer and whose arrays fit together.
TEST(TrafficBound, HoldsForAllTilesThatFit) {
    for (const char *text : small_layers) {
        const ConvProblem p = problem(text);
        const Loops extents = extents_of(p);
        for (const int floats : {4, 12, 30, 90, 400}) {
            const double bound = traffic_bound(p, 4 * floats).bytes();
            double least = std::numeric_limits<double>::infinity();
            Loops tile;
            const auto enumerate = [&](auto &&self, size_t loop) -> void {
                if (loop < tile.size()) {
                    for (tile[loop] = 1; tile[loop] <= extents[loop]; tile[loop]++)
                        if (extents[loop] % tile[loop] == 0) self(self, loop + 1);
                    return;
                }
                const auto [mb, g, oc, ic, oh, ow, kh, kw] = tile;
                const ConvTile t = {(double)mb, (double)g,  (double)oc, (double)ic,
                                    (double)oh, (double)ow, (double)kh, (double)kw};
                if (footprint_bytes(p, t) <= 4.0 * floats)
                    least = std::min(least, least_bytes(p, tile));
            };
            enumerate(enumerate, 0);
            EXPECT_GE(least, bound) << text << " in " << floats << " floats";
            EXPECT_TRUE(std::isfinite(least)) << text;
        }
    }
}

}  // namespace
}  // namespace convoy
