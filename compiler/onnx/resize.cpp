// Resize and Upsample: a table of weighted taps for each axis that changes.

#include <algorithm>
#include <cmath>

#include "compiler/onnx/movement.h"
#include "compiler/onnx/operators.h"

namespace convoy {

namespace {

using Taps = std::vector<std::vector<Tap>>;

struct Interpolation {
    std::string mode, coordinates, nearest;
    double cubic = -0.75;
    bool exclude_outside = false, antialias = false;
};

struct AxisSize {
    int64_t in, out;
    float scale;
};

std::string one_of(const OnnxNode &node, const char *attribute, const char *otherwise,
                   const std::vector<std::string> &known) {
    const std::string value = node.attribute_string(attribute, otherwise);
    if (std::ranges::count(known, value)) return value;
    std::string list;
    for (const std::string &name : known) list += (list.empty() ? "" : ", ") + name;
    node.fail(std::string("attribute '") + attribute + "' is '" + value + "', expected one of " +
              list);
}

bool read_flag(const OnnxNode &node, const char *attribute) {
    const int64_t value = node.attribute_int(attribute, 0);
    if (value != 0 && value != 1) {
        node.fail(std::string("attribute '") + attribute + "' is " + std::to_string(value) +
                  ", expected 0 or 1");
    }
    return value == 1;
}

// The input coordinate of an output index, in float32 as the engines compute it; the output's
// extent is that before rounding.
double coordinate(const std::string &mode, int64_t i, const AxisSize &axis) {
    const float scale = axis.scale, in = float(axis.in), out = scale * in, x = float(i);
    if (mode == "align_corners") return out == 1 ? 0 : x * (in - 1) / (out - 1);
    if (mode == "asymmetric") return x / scale;
    if (mode == "pytorch_half_pixel" && out == 1) return -0.5;
    const float half_pixel = (x + 0.5f) / scale - 0.5f;
    if (mode != "half_pixel_symmetric") return half_pixel;
    return in / 2 * (1 - float(axis.out) / out) + half_pixel;
}

double round_to_nearest(const std::string &mode, double x, double scale) {
    if (mode == "floor" || (mode == "simple" && scale >= 1)) return std::floor(x);
    if (mode == "ceil" || mode == "simple") return std::ceil(x);
    return mode == "round_prefer_ceil" ? std::floor(x + 0.5) : std::ceil(x - 0.5);
}

// The filter's weight at a distance from its centre.
double filter(const Interpolation &how, double distance) {
    const double x = std::abs(distance), a = how.cubic;
    if (how.mode != "cubic") return std::max(0.0, 1 - x);
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

std::vector<Tap> interpolate(const Interpolation &how, double x, const AxisSize &axis) {
    // When shrinking, antialiasing stretches the filter over all it passes.
    const double stretch = how.antialias ? double(std::min(axis.scale, 1.0f)) : 1.0;
    const int support = how.mode == "cubic" ? 2 : 1;
    const auto centre = int64_t(std::ceil(x)) - 1;
    const double ratio = x - double(centre);
    const auto first = int64_t(std::floor(-support / stretch)) + 1;
    std::vector<Tap> taps;
    double sum = 0;
    for (int64_t i = first; i <= 1 - first; ++i) {
        const int64_t at = centre + i;
        const bool is_outside = at < 0 || at >= axis.in;
        const double weight =
            is_outside && how.exclude_outside ? 0 : filter(how, stretch * (double(i) - ratio));
        sum += weight;
        taps.push_back({std::clamp<int64_t>(at, 0, axis.in - 1), weight});
    }
    if (how.antialias || how.exclude_outside) {
        for (Tap &tap : taps) tap.weight /= sum;
    }
    return taps;
}

Taps make_taps(const Interpolation &how, const AxisSize &axis) {
    Taps taps;
    for (int64_t i = 0; i < axis.out; ++i) {
        const double x = coordinate(how.coordinates, i, axis);
        if (how.mode == "nearest") {
            const double nearest = round_to_nearest(how.nearest, x, axis.scale);
            taps.push_back({{int64_t(std::clamp<double>(nearest, 0, double(axis.in - 1))), 1}});
        } else {
            taps.push_back(interpolate(how, x, axis));
        }
    }
    // Taps of weight 0 at one end of all lists cost time and bring nothing.
    const auto is_zero = [](const std::vector<Tap> &list) {
        return list.size() > 1 && list.back().weight == 0;
    };
    while (std::ranges::all_of(taps, is_zero)) {
        for (auto &list : taps) list.pop_back();
    }
    return taps;
}

bool changes_nothing(const Taps &taps, int64_t extent) {
    if (int64_t(taps.size()) != extent) return false;
    for (int64_t i = 0; i < extent; ++i) {
        for (const Tap &tap : taps[i]) {
            if (tap.weight != (tap.index == i ? 1 : 0)) return false;
        }
    }
    return true;
}

void output_resized(OnnxNode &node, const Interpolation &how, const std::vector<AxisSize> &axes) {
    ValueId value = node.activation(0, "input");
    Dims dims = node.dims(value);
    std::vector<Taps> taps;
    int last = -1;
    for (const AxisSize &axis : axes) {
        taps.push_back(make_taps(how, axis));
        if (changes_nothing(taps.back(), axis.in)) taps.back().clear();
        if (!taps.back().empty()) last = int(taps.size()) - 1;
    }
    if (last < 0) return node.output_same_as(0);
    for (int d = 0; d <= last; ++d) {
        if (taps[d].empty()) continue;
        dims[d] = axes[d].out;
        const Resample resample = make_resample(d, taps[d]);
        if (d == last) return node.output(resample, {value}, dims);
        value = node.intermediate(resample, {value}, dims);
    }
}

bool is_empty(const OnnxNode &node, int input) {
    return !node.has_input(input) || element_count(node.constant(input, "input").dims) == 0;
}

std::vector<AxisSize> scaled_sizes(const OnnxNode &node, const Dims &from, const Dims &axes,
                                   const std::vector<float> &scales) {
    if (scales.size() != axes.size()) {
        node.fail("it has " + std::to_string(scales.size()) + " scales, expected " +
                  std::to_string(axes.size()));
    }
    std::vector<AxisSize> sizes;
    for (int64_t dim : from) sizes.push_back({dim, dim, 1});
    for (size_t i = 0; i < axes.size(); ++i) {
        AxisSize &size = sizes[axes[i]];
        size.scale = scales[i];
        const double out = std::floor(float(size.in) * size.scale);
        if (!(size.scale > 0) || !(out >= 1 && out <= double(max_elements))) {
            node.fail("scale " + std::to_string(size.scale) + " of a dim of " +
                      std::to_string(size.in) + ", expected one that leaves 1 to " +
                      std::to_string(max_elements) + " elements");
        }
        size.out = int64_t(out);
    }
    return sizes;
}

std::vector<AxisSize> given_sizes(const OnnxNode &node, const Dims &from, const Dims &axes) {
    const Dims &given = node.integers(3, "sizes").integers;
    const std::string policy = one_of(node, "keep_aspect_ratio_policy", "stretch",
                                      {"stretch", "not_larger", "not_smaller"});
    const bool is_in_range =
        std::ranges::all_of(given, [](int64_t size) { return size >= 1 && size <= max_elements; });
    if (given.size() != axes.size() || !is_in_range) {
        node.fail("sizes are " + dims_text(given) + ", expected " + std::to_string(axes.size()) +
                  " of 1 to " + std::to_string(max_elements));
    }
    std::vector<AxisSize> sizes;
    for (int64_t dim : from) sizes.push_back({dim, dim, 1});
    for (size_t i = 0; i < axes.size(); ++i) {
        AxisSize &size = sizes[axes[i]];
        size.out = given[i];
        size.scale = float(size.out) / float(size.in);
    }
    if (policy == "stretch" || axes.empty()) return sizes;
    float scale = sizes[axes[0]].scale;
    for (int64_t axis : axes) {
        scale = policy == "not_larger" ? std::min(scale, sizes[axis].scale)
                                       : std::max(scale, sizes[axis].scale);
    }
    for (int64_t axis : axes) {
        sizes[axis].out = int64_t(std::floor(scale * float(sizes[axis].in) + 0.5f));
        sizes[axis].scale = scale;
    }
    return sizes;
}

Interpolation read_interpolation(const OnnxNode &node) {
    Interpolation how;
    how.mode = one_of(node, "mode", "nearest", {"nearest", "linear", "cubic"});
    // Opset 11 made the coordinates explicit.
    const bool is_explicit = node.opset() >= 11;
    how.coordinates =
        one_of(node, "coordinate_transformation_mode", is_explicit ? "half_pixel" : "asymmetric",
               {"align_corners", "asymmetric", "half_pixel", "half_pixel_symmetric",
                "pytorch_half_pixel"});
    how.nearest = is_explicit ? one_of(node, "nearest_mode", "round_prefer_floor",
                                       {"ceil", "floor", "round_prefer_ceil", "round_prefer_floor"})
                              : "simple";
    how.cubic = node.attribute_float("cubic_coeff_a", -0.75f);
    how.exclude_outside = read_flag(node, "exclude_outside");
    how.antialias = read_flag(node, "antialias");
    return how;
}

}  // namespace

void import_resize(OnnxNode &node) {
    const Interpolation how = read_interpolation(node);
    const Dims from = node.dims(node.activation(0, "input"));
    Dims axes;
    for (size_t d = 0; d < from.size(); ++d) axes.push_back(int64_t(d));
    if (node.has_attribute("axes")) {
        axes.clear();
        for (int64_t axis : node.attribute_ints("axes", {}))
            axes.push_back(resolve_axis(node, "attribute 'axes'", axis, from.size()));
    }
    const int scales = node.opset() >= 11 ? 2 : 1;
    const bool has_scales = !is_empty(node, scales), has_sizes = scales == 2 && !is_empty(node, 3);
    if (has_scales == has_sizes) node.fail("expected either scales or sizes");
    output_resized(node, how,
                   has_sizes
                       ? given_sizes(node, from, axes)
                       : scaled_sizes(node, from, axes, *node.floats(scales, "scales").floats));
}

void import_upsample(OnnxNode &node) {
    Interpolation how;
    how.mode = one_of(node, "mode", "nearest", {"nearest", "linear"});
    how.coordinates = "asymmetric", how.nearest = "floor";
    const Dims from = node.dims(node.activation(0, "input"));
    Dims axes;
    for (size_t d = 0; d < from.size(); ++d) axes.push_back(int64_t(d));
    const std::vector<float> scales = node.has_attribute("scales")
                                          ? node.attribute_floats("scales")
                                          : *node.floats(1, "scales").floats;
    output_resized(node, how, scaled_sizes(node, from, axes, scales));
}

}  // namespace convoy
