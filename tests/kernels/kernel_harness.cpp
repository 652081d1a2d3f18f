#include "tests/kernels/kernel_harness.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "generators/winograd_transform.h"
#include "tests/kernels/device/device_kernel.h"
#include "tests/kernels/emulated_kernel.h"
#include "tests/kernels/jit/jit_kernel.h"

namespace convoy {

namespace {

constexpr float poison = 262144;  // finite, and shows in any sum
constexpr uint32_t canary_bits = 0x7fc0beef;
const float canary = std::bit_cast<float>(canary_bits);

bool is_canary(float value) {
    return std::bit_cast<uint32_t>(value) == canary_bits;
}

// Cache-line aligned floats with guards before and after.
class Memory {
public:
    static constexpr size_t guard = 64;

    Memory(size_t floats, float value) : size_(floats) {
        const size_t bytes = (floats + 2 * guard + 15) / 16 * 64;
        start_.reset(static_cast<float *>(std::aligned_alloc(64, bytes)));
        std::fill_n(start_.get(), floats + 2 * guard, value);
    }
    float *data() { return start_.get() + guard; }
    size_t size() const { return size_; }
    float before(size_t i) const { return start_.get()[i]; }
    float after(size_t i) const { return start_.get()[guard + size_ + i]; }
    // All of it, for a kernel that gets the address of the float at `offset` of data().
    device_operand operand(ptrdiff_t offset) {
        return {start_.get(), size_ + 2 * guard, (ptrdiff_t)guard + offset};
    }

private:
    struct Free {
        void operator()(float *p) const { std::free(p); }
    };
    size_t size_;
    std::unique_ptr<float, Free> start_;
};

// Written from layout.h's comments, apart from the functions that the compiler uses.
size_t index_at(const View &v, int image, int block, int lane, int y, int x) {
    const size_t rows = v.halo.top + v.h + v.halo.bottom,
                 columns = v.halo.left + v.w + v.halo.right;
    const size_t plane = size_t(image) * v.blocks + block;
    return ((plane * rows + (v.halo.top + y)) * columns + (v.halo.left + x)) * v.layout.block +
           lane;
}

struct Place {
    int block, lane;
};

Place place_of(const View &v, int channel) {
    const int lanes = v.layout.block;
    if (v.layout.groups == 1) return {channel / lanes, channel % lanes};
    const int channels_per_group = v.c / v.layout.groups;
    const int group = channel / channels_per_group;
    if (v.layout.padded) {
        const int blocks = (channels_per_group + lanes - 1) / lanes;
        const int within = channel % channels_per_group;
        return {group * blocks + within / lanes, within % lanes};
    }
    return {group / lanes * channels_per_group + channel % channels_per_group, group % lanes};
}

// Zeros, in every block and lane, for the pads that a convolution reads: a halo ends with its last
// window, which may be before the pads do.
void zero_pads(const View &v, const ConvProblem &p, float *memory) {
    const int h_end = v.h + std::min(p.ph_end, v.halo.bottom),
              w_end = v.w + std::min(p.pw_end, v.halo.right);
    for (int image = 0; image < v.mb; image++) {
        for (int block = 0; block < v.blocks; block++) {
            for (int y = -p.ph; y < h_end; y++) {
                for (int x = -p.pw; x < w_end; x++) {
                    if (y >= 0 && y < v.h && x >= 0 && x < v.w) continue;
                    std::fill_n(memory + index_at(v, image, block, 0, y, x), v.layout.block, 0.0f);
                }
            }
        }
    }
}

void store(const View &v, const Tensor &t, float *memory) {
    for (int image = 0; image < t.mb; image++) {
        for (int c = 0; c < t.c; c++) {
            const Place at = place_of(v, c);
            for (int y = 0; y < t.h; y++) {
                for (int x = 0; x < t.w; x++)
                    memory[index_at(v, image, at.block, at.lane, y, x)] = t.at(image, c, y, x);
            }
        }
    }
}

std::string cell(int image, int channel, int y, int x) {
    return "image " + std::to_string(image) + " channel " + std::to_string(channel) + " row " +
           std::to_string(y) + " column " + std::to_string(x);
}

class Checker {
public:
    Checker(const KernelCase &test, Memory &memory, double slack)
        : test_(test), view_(output_view(test.kernel)), memory_(memory), slack_(slack) {
        if (const auto *reorder = std::get_if<ReorderKernel>(&test.kernel))
            first_channel_ = reorder->first_channel;
    }

    std::string wrong() {
        checked_.assign(memory_.size(), false);
        check_channels();
        check_pad_lanes();
        check_untouched();
        if (count_ > 1) first_ += " (and " + std::to_string(count_ - 1) + " more)";
        return first_;
    }

private:
    void fail(const std::string &what) {
        if (count_++ == 0) first_ = what;
    }

    void check_channels() {
        const Tensor &expected = test_.expected;
        for (int image = 0; image < expected.mb; image++) {
            for (int c = 0; c < expected.c; c++) {
                const Place at = place_of(view_, first_channel_ + c);
                for (int y = 0; y < expected.h; y++) {
                    for (int x = 0; x < expected.w; x++) {
                        const size_t index = index_at(view_, image, at.block, at.lane, y, x);
                        checked_[index] = true;
                        compare(memory_.data()[index], expected.at(image, c, y, x),
                                [&] { return cell(image, first_channel_ + c, y, x); });
                    }
                }
            }
        }
    }

    template<typename Where>
    void compare(float found, float expected, Where where) {
        const double limit = slack_ + test_.tolerance * std::max(1.0, std::fabs((double)expected));
        // Negated, so that NaN fails.
        if (!(std::fabs((double)found - expected) <= limit)) {
            fail(where() + " is " + (is_canary(found) ? "unwritten" : std::to_string(found)) +
                 ", expected " + std::to_string(expected));
        }
    }

    // The lanes of a last block, of all channels or of a group's, that hold no channel.
    std::vector<Place> pad_lanes() const {
        const int lanes = view_.layout.block;
        const int groups = view_.layout.padded ? view_.layout.groups : 1;
        const int channels = view_.c / groups, blocks = (channels + lanes - 1) / lanes;
        std::vector<Place> places;
        for (int group = 0; group < groups; group++) {
            for (int at = channels; at < blocks * lanes; at++)
                places.push_back({group * blocks + at / lanes, at % lanes});
        }
        return places;
    }

    // They are computed along with their blocks.
    void check_pad_lanes() {
        if (first_channel_ + test_.expected.c != view_.c) return;
        for (int image = 0; image < view_.mb; image++) {
            for (const Place &pad : pad_lanes()) {
                for (int y = 0; y < view_.h; y++) {
                    for (int x = 0; x < view_.w; x++) {
                        const size_t index = index_at(view_, image, pad.block, pad.lane, y, x);
                        checked_[index] = true;
                        if (!std::isfinite(memory_.data()[index]))
                            fail("pad lane " + std::to_string(pad.lane) + " of block " +
                                 std::to_string(pad.block) + ", " + cell(image, 0, y, x) +
                                 ", is not finite");
                    }
                }
            }
        }
    }

    // Whole blocks of padding may be written or not, but only their planes and with finite values.
    bool in_pad_block(size_t index) const {
        const size_t lanes = view_.layout.block;
        const size_t x = index / lanes % (view_.halo.left + view_.w + view_.halo.right);
        const size_t rows = view_.halo.top + view_.h + view_.halo.bottom;
        const size_t y = index / view_.row_stride() % rows;
        const size_t block = index / view_.plane_stride() % view_.blocks;
        return block * lanes >= (size_t)view_.c && x >= (size_t)view_.halo.left &&
               x < (size_t)view_.halo.left + view_.w && y >= (size_t)view_.halo.top &&
               y < (size_t)view_.halo.top + view_.h;
    }

    void check_untouched() {
        for (size_t i = 0; i < Memory::guard; i++) {
            if (!is_canary(memory_.before(i)))
                fail("the float " + std::to_string(Memory::guard - i) +
                     " before the output is written");
            if (!is_canary(memory_.after(i)))
                fail("the float " + std::to_string(i + 1) + " after the output is written");
        }
        for (size_t i = 0; i < memory_.size(); i++) {
            const float value = memory_.data()[i];
            if (checked_[i] || is_canary(value)) continue;
            if (in_pad_block(i) && std::isfinite(value)) continue;
            fail("float " + std::to_string(i) + " of the output's memory, outside the planes, is " +
                 std::to_string(value));
        }
    }

    const KernelCase &test_;
    const View &view_;
    Memory &memory_;
    double slack_;
    int first_channel_ = 0, count_ = 0;
    std::string first_;
    std::vector<bool> checked_;  // floats of the output's memory
};

// What a schedule's rounding may add, relative to the largest output. Winograd's transforms at 4
// points have powers of two only, which are exact on small integers.
double error_of(const KernelCase &test, const Schedule &schedule) {
    if (!schedule.template_name.starts_with("winograd")) return 0;
    const Conv2dKernel &conv = std::get<Conv2dKernel>(test.kernel);
    const int taps = winograd_taps(conv.problem.kw, conv.problem.sw);
    return packing_of(conv, schedule).size() + taps - 1 > 4 ? 5e-5 : 0;
}

// Before the activation, which may squeeze what it is given.
double largest_sum(const KernelCase &test) {
    Conv2dKernel linear = std::get<Conv2dKernel>(test.kernel);
    linear.activation = {};
    double largest = 0;
    for (const float value : reference_result(linear, test.operands).values)
        largest = std::max(largest, std::fabs((double)value));
    return largest;
}

void run(const Kernel &kernel, const Schedule &schedule, const Board &board,
         const std::vector<device_operand> &operands) {
    if (board.gpu) return DeviceKernel(kernel, schedule, board)(operands);
    if (is_foreign(board)) return run_emulated(kernel, schedule, board, operands);
    const JitKernel compiled(kernel, schedule, board);
    std::vector<float *> pointers;
    for (const device_operand &operand : operands)
        pointers.push_back(operand.memory + operand.offset);
    JitCall(compiled, pointers)();
}

}  // namespace

KernelCase::KernelCase(Kernel k, double tolerance_)
    : KernelCase(k, integer_operands(k), tolerance_) {}

KernelCase::KernelCase(Kernel k, Operands data, double tolerance_)
    : kernel(std::move(k)),
      operands(std::move(data)),
      expected(reference_result(kernel, operands)),
      tolerance(tolerance_) {}

std::string what_is_wrong(const KernelCase &test, const Schedule &schedule, const Board &board) {
    const Kernel &kernel = test.kernel;
    const View &input = input_view(kernel), &output = output_view(kernel);
    Memory in(input.floats(), poison), out(output.floats(), canary);
    if (const ConvProblem *window = window_of(kernel)) zero_pads(input, *window, in.data());
    store(input, test.operands.input, in.data());

    std::vector<device_operand> operands = {in.operand(input_offset(kernel))};
    std::vector<std::vector<float>> constants =
        pack_constants(kernel, schedule, test.operands.weights, test.operands.bias);
    for (std::vector<float> &constant : constants)
        operands.push_back({constant.data(), constant.size(), 0});
    const View *addend = second_input(kernel);
    Memory added(addend ? addend->floats() : 0, poison);
    if (addend) {
        store(*addend, test.operands.addend, added.data());
        operands.push_back(added.operand(addend_offset(kernel)));
    }
    operands.push_back(out.operand(output_offset(kernel)));

    try {
        run(kernel, schedule, board, operands);
    } catch (const std::runtime_error &error) {
        return error.what();
    }
    const double error = error_of(test, schedule),
                 slack = error > 0 ? error * largest_sum(test) : 0;
    return Checker(test, out, slack).wrong();
}

}  // namespace convoy
