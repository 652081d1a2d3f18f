#include "compiler/plan/flatten.h"

namespace convoy {

namespace {

bool is_whole_planes(const View &view) {
    return view.layout == Layout{} && view.halo == Halo{} && view.blocks == view.c;
}

// As many rows as leave each a few whole vectors: threads share the work by rows.
int rows_of(int pixels, int vector) {
    for (int rows = 16; rows > 1; rows--) {
        if (pixels % (rows * vector) == 0 && pixels / rows >= 4 * vector) return rows;
    }
    return 1;
}

NormalizeKernel flattened(const NormalizeKernel &kernel, int vector) {
    NormalizeKernel flat = kernel;
    if (!is_whole_planes(kernel.input) || !is_whole_planes(kernel.output)) return flat;
    const int pixels = kernel.input.h * kernel.input.w;
    for (View *view : {&flat.input, &flat.output}) {
        view->h = rows_of(pixels, vector);
        view->w = pixels / view->h;
    }
    return flat;
}

}  // namespace

Kernel flattened(const Kernel &kernel, int vector) {
    if (const auto *normalize = std::get_if<NormalizeKernel>(&kernel))
        return flattened(*normalize, vector);
    const auto *conv = std::get_if<Conv2dKernel>(&kernel);
    if (!conv) return kernel;
    ConvProblem p = conv->problem;
    const bool is_pointwise = p.kh == 1 && p.kw == 1 && p.sh == 1 && p.sw == 1 && p.ph == 0 &&
                              p.pw == 0 && p.ph_end == 0 && p.pw_end == 0;
    if (!is_pointwise || !is_whole_planes(conv->input) || !is_whole_planes(conv->output))
        return kernel;
    // One value a channel stays one; rows or columns that are broadcast need their planes.
    const bool has_planes = conv->residual && (conv->residual->h > 1 || conv->residual->w > 1);
    if (conv->residual &&
        (!is_whole_planes(*conv->residual) ||
         (has_planes && (conv->residual->h != p.oh || conv->residual->w != p.ow))))
        return kernel;
    const int pixels = p.ih * p.iw, rows = rows_of(pixels, vector);
    Conv2dKernel flat = *conv;
    const auto reshape = [&](int &h, int &w) { h = rows, w = pixels / rows; };
    reshape(flat.problem.ih, flat.problem.iw);
    reshape(flat.problem.oh, flat.problem.ow);
    reshape(flat.input.h, flat.input.w);
    reshape(flat.output.h, flat.output.w);
    if (has_planes) reshape(flat.residual->h, flat.residual->w);
    return flat;
}

}  // namespace convoy
