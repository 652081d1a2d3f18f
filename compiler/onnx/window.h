#pragma once

#include "compiler/onnx/node.h"

// Sliding windows of any number of spatial axes, as the attributes of Conv and the pools give them.

namespace convoy {

// One spatial axis of a window; k, s, d as in ConvProblem, p before and p_end after.
struct WindowAxis {
    const char *name;
    int64_t i, k, s, d, p, p_end;
    int64_t out = 0;
    int64_t overhang = 0;  // the part of p_end that ceil_mode added

    int64_t span() const { return (k - 1) * d + 1; }
    int64_t padded() const { return i + p + p_end; }
};

// Outermost axis first: (h, w) in two dimensions, (w) in one.
using Window = std::vector<WindowAxis>;

// Fails unless the input is (mb, c, and 1 to 3 spatial dims).
std::vector<int64_t> expect_image(const OnnxNode &node, ValueId input);

// Extents from 1 on, one for each of `count` axes.
std::vector<int64_t> read_extents(const OnnxNode &node, const char *attribute, size_t count);

// The window of a kernel of these extents over the input's spatial dims.
Window read_window(const OnnxNode &node, const std::vector<int64_t> &input,
                   const std::vector<int64_t> &kernel);

// The dims of the output: those of its first two, and of the window.
std::vector<int64_t> window_output(int64_t mb, int64_t c, const Window &window);

// Two axes into a ConvProblem or PoolProblem.
template<typename Problem>
void copy_window(const WindowAxis &h, const WindowAxis &w, Problem &p) {
    p.ih = int(h.i), p.iw = int(w.i);
    p.oh = int(h.out), p.ow = int(w.out);
    p.kh = int(h.k), p.kw = int(w.k);
    p.sh = int(h.s), p.sw = int(w.s);
    p.dh = int(h.d), p.dw = int(w.d);
    p.ph = int(h.p), p.pw = int(w.p);
    p.ph_end = int(h.p_end), p.pw_end = int(w.p_end);
}

// What an axis that is not there is like.
inline constexpr WindowAxis no_axis = {"ih", 1, 1, 1, 1, 0, 0, 1, 0};

}  // namespace convoy
