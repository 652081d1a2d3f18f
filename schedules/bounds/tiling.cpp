#include "schedules/bounds/tiling.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "schedules/bounds/linear_program.h"

namespace convoy {

namespace {

// The program's variables: logarithms of a tile's extents. A tap is kw = s qw + rw. `diagonal` is
// what the input may shrink by where a set is no box but runs along ow + qw = const; it costs as
// many multiply-adds. With it the optimum bounds every set of multiply-adds, not boxes alone: its
// dual's exponents are those of a Hölder-Brascamp-Lieb inequality, the input's at most 1.
enum Variable { mb, g, oc, ic, oh, ow, qh, rh, qw, rw, diagonal, variables };

using Row = std::array<double, variables>;

template<typename... Members>
constexpr Row row_of(Members... members) {
    Row row{};
    ((row[members] = 1), ...);
    return row;
}

constexpr Row weights_row = row_of(g, oc, ic, qh, rh, qw, rw);
constexpr Row output_row = row_of(mb, g, oc, oh, ow);

constexpr Row input_row(Variable h, Variable w) {
    Row row = row_of(mb, g, ic, rh, rw, h, w);
    row[diagonal] = -1;
    return row;
}
constexpr std::array<Row, 4> input_rows = {input_row(oh, ow), input_row(oh, qw), input_row(qh, ow),
                                           input_row(qh, qw)};

double dot(const Row &row, const std::vector<double> &x) {
    return std::inner_product(row.begin(), row.end(), x.begin(), 0.0);
}

// The stride that taps and outputs have left when what both are multiples of is taken out.
int reduced_stride(int stride, int dilation) {
    return stride / std::gcd(stride, dilation);
}

struct Optimum {
    double macs;            // no set of multiply-adds with this footprint has more
    std::vector<double> x;  // logarithms
};

// The set of most multiply-adds whose arrays have `floats` elements together.
Optimum largest_set(const ConvProblem &p, double floats) {
    const int sh = reduced_stride(p.sh, p.dh), sw = reduced_stride(p.sw, p.dw);
    const auto quotients = [](int k, int s) { return std::log((k + s - 1) / s); };
    std::vector<double> upper(variables);
    upper[mb] = std::log(p.mb), upper[g] = std::log(p.g);
    upper[oc] = std::log(p.oc_per_group()), upper[ic] = std::log(p.ic_per_group());
    upper[oh] = std::log(p.oh), upper[ow] = std::log(p.ow);
    upper[qh] = quotients(p.kh, sh), upper[rh] = std::log(std::min(p.kh, sh));
    upper[qw] = quotients(p.kw, sw), upper[rw] = std::log(std::min(p.kw, sw));
    upper[diagonal] = upper[qh] + upper[qw];

    // Of tiles that are equally good, those that cut batch, rows and columns rather than filters
    // and channels (section 4.5.1). The preference only raises the optimum, which stays a bound.
    std::vector<double> objective(variables, 1);
    constexpr double preference = 1e-6;
    for (const Variable whole : {qh, rh, qw, rw}) objective[whole] += 4 * preference;
    for (const Variable channels : {g, ic, oc}) objective[channels] += 3 * preference;
    objective[ow] += 2 * preference, objective[oh] += preference;
    objective[diagonal] = -1;

    LinearProgram program(objective, upper);
    const double limit = std::log(floats);
    for (const Row &row : input_rows) program.add_row(row, limit);
    program.add_row(weights_row, limit);
    program.add_row(output_row, limit);
    // A tap's quotient and remainder are one index.
    program.add_row(row_of(qh, rh), std::log(p.kh));
    program.add_row(row_of(qw, rw), std::log(p.kw));

    LinearProgram::Solution solution;
    constexpr int most_tangents = 60;
    constexpr double tolerance = 1e-4;
    for (int tangents = 0;; tangents++) {
        solution = program.maximise();
        const Row &input = *std::max_element(
            input_rows.begin(), input_rows.end(),
            [&](const Row &a, const Row &b) { return dot(a, solution.x) < dot(b, solution.x); });
        const std::array<const Row *, 3> arrays = {&input, &weights_row, &output_row};
        double total = 0;
        for (const Row *array : arrays) total += std::exp(dot(*array, solution.x));
        if (total <= floats * (1 + tolerance) || tangents == most_tangents) break;
        // The tangent to log(sum of footprints) <= log(floats), by the inequality of the weighted
        // means: sum of share * (log footprint - log share) <= log(floats).
        Row tangent{};
        double at = limit;
        for (const Row *array : arrays) {
            const double share = std::exp(dot(*array, solution.x)) / total;
            at += share * std::log(share);
            for (int v = 0; v < variables; v++) tangent[v] += share * (*array)[v];
        }
        program.add_row(tangent, at);
    }
    constexpr double rounding = 1e-5;  // of CLP, whose tolerance is 1e-7 for each row
    return {std::exp(solution.value + rounding), std::move(solution.x)};
}

int64_t floats_in(int64_t cache_bytes) {
    const int64_t floats = cache_bytes / 4;
    if (floats < 3)
        throw std::invalid_argument("a cache of " + std::to_string(cache_bytes) +
                                    " bytes, expected room for three floats");
    return floats;
}

// Of one axis: elements that the window touches, taps that touch any, and pairs of an output and a
// tap that do not fall on a pad.
struct Axis {
    int64_t elements = 0, taps = 0, pairs = 0;
};

Axis axis_of(int i, int o, int k, int s, int d, int pad) {
    std::vector<bool> touched(i), used(k);
    Axis axis;
    for (int at = 0; at < o; at++) {
        for (int tap = 0; tap < k; tap++) {
            const int element = at * s + tap * d - pad;
            if (element < 0 || element >= i) continue;
            axis.pairs++;
            touched[element] = used[tap] = true;
        }
    }
    axis.elements = std::count(touched.begin(), touched.end(), true);
    axis.taps = std::count(used.begin(), used.end(), true);
    return axis;
}

// The loops of a tile in the order in which they lose or gain their last iterations.
constexpr std::array<double ConvTile::*, 8> loops = {&ConvTile::mb, &ConvTile::oh, &ConvTile::ow,
                                                     &ConvTile::g,  &ConvTile::oc, &ConvTile::ic,
                                                     &ConvTile::kh, &ConvTile::kw};

ConvTile whole_loops(const ConvProblem &p) {
    return {(double)p.mb,
            (double)p.g,
            (double)p.oc_per_group(),
            (double)p.ic_per_group(),
            (double)p.oh,
            (double)p.ow,
            (double)p.kh,
            (double)p.kw};
}

// Whole extents: the tile's, rounded down, shrunk until they fit, where the largest extent loses
// the smallest share, then grown while any loop can.
ConvTile whole_tile(const ConvProblem &p, ConvTile tile, double bytes) {
    for (const auto loop : loops) tile.*loop = std::max(1.0, std::floor(tile.*loop + 1e-3));
    while (footprint_bytes(p, tile) > bytes) {
        const auto largest =
            *std::max_element(loops.begin(), loops.end(),
                              [&](const auto a, const auto b) { return tile.*a < tile.*b; });
        if (tile.*largest == 1) break;  // three floats, which the cache holds
        tile.*largest -= 1;
    }
    const ConvTile whole = whole_loops(p);
    for (bool grown = true; grown;) {
        grown = false;
        for (const auto loop : loops) {
            if (tile.*loop >= whole.*loop) continue;
            tile.*loop += 1;
            if (footprint_bytes(p, tile) <= bytes) {
                grown = true;
            } else {
                tile.*loop -= 1;
            }
        }
    }
    return tile;
}

}  // namespace

double footprint_bytes(const ConvProblem &p, const ConvTile &t) {
    // Where taps or outputs are further apart than the others reach, what is between is not
    // touched.
    const auto window = [](double o, double k, int s, int d) {
        return std::min(o * k, (o - 1) * s + (k - 1) * d + 1);
    };
    const double input =
        t.mb * t.g * t.ic * window(t.oh, t.kh, p.sh, p.dh) * window(t.ow, t.kw, p.sw, p.dw);
    const double weights = t.g * t.oc * t.ic * t.kh * t.kw;
    const double output = t.mb * t.g * t.oc * t.oh * t.ow;
    return 4 * (input + weights + output);
}

Tiling best_tiling(const ConvProblem &p, int64_t cache_bytes) {
    const Optimum optimum = largest_set(p, (double)floats_in(cache_bytes));
    const auto extent = [&](auto... terms) { return std::exp((optimum.x[terms] + ...)); };
    const ConvTile real = {extent(mb), extent(g),  extent(oc),     extent(ic),
                           extent(oh), extent(ow), extent(qh, rh), extent(qw, rw)};
    return {real, whole_tile(p, real, (double)cache_bytes)};
}

double TrafficBound::bytes() const {
    return std::max(program_bytes, compulsory_bytes);
}

TrafficBound traffic_bound(const ConvProblem &problem, int64_t cache_bytes) {
    const double cache = (double)floats_in(cache_bytes);
    ConvProblem p = problem;  // one group
    p.g = 1, p.ic = problem.ic_per_group(), p.oc = problem.oc_per_group();
    const Axis h = axis_of(p.ih, p.oh, p.kh, p.sh, p.dh, p.ph),
               w = axis_of(p.iw, p.ow, p.kw, p.sw, p.dw, p.pw);
    const double macs = (double)p.mb * p.ic * p.oc * (double)(h.pairs * w.pairs);

    TrafficBound bound;
    const double input = (double)p.mb * p.ic * (double)(h.elements * w.elements);
    const double output = (double)p.mb * p.oc * p.oh * p.ow;
    const double weights = (double)p.ic * p.oc * (double)(h.taps * w.taps);
    bound.compulsory_bytes = 4 * problem.g * (input + weights + output);
    // The same series of footprints for every cache, so that a larger one never has a larger bound.
    for (double floats = 4; macs > 0; floats *= std::sqrt(2)) {
        if (floats <= cache) continue;
        const double passes = std::ceil(macs / largest_set(p, floats).macs);
        if (passes <= 1) break;
        bound.program_bytes = std::max(bound.program_bytes,
                                       4 * problem.g * (cache + (floats - cache) * (passes - 1)));
    }
    return bound;
}

}  // namespace convoy
