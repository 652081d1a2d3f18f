#include "compiler/emit/driver_variant.h"

#include <iomanip>
#include <ostream>
#include <set>

#include "targets/cpu_features.h"

namespace convoy {

namespace {

// In a looped step: of the image whose turn it is, or in the lane of the thread.
std::string address(const Plan &plan, const Operand &operand, bool is_looped = false) {
    const PlanTensor &tensor = plan.tensors[operand.tensor];
    const int64_t stride = is_looped ? plan.image_stride_floats(tensor) : 0;
    const auto at = [&](int64_t start, int unit_bytes) {
        const std::string image =
            stride > 0 ? " + image * " + std::to_string(stride * 4 / unit_bytes) : "";
        return std::to_string(start + operand.offset_floats * 4 / unit_bytes) + image;
    };
    switch (tensor.place) {
        case PlanTensor::Place::input:
            return "INPUT(" + std::to_string(tensor.index) + ", " + at(0, 4) + ")";
        case PlanTensor::Place::output:
            return "OUTPUT(" + std::to_string(tensor.index) + ", " + at(0, 4) + ")";
        case PlanTensor::Place::constant:
            return "weights + " + at(tensor.offset_bytes, 1);
        case PlanTensor::Place::arena:
            break;
    }
    return plan.is_in_lane(tensor) ? "(lane + " + at(tensor.offset_bytes, 1) + ")"
                                   : "ARENA(" + at(tensor.offset_bytes, 1) + ")";
}

std::vector<std::string> addresses(const Variant &variant, size_t s) {
    const PlanStep &step = variant.plan.steps[s];
    const ConstantPool::Offsets &constants = variant.constants.steps[s];
    const bool is_looped = variant.plan.is_looped((int)s);
    std::vector<std::string> list = {address(variant.plan, step.input, is_looped)};
    const auto add = [&](const std::optional<RuntimeConstant> &runtime, int64_t offset) {
        if (runtime) {
            list.push_back(address(variant.plan, runtime->packed));
        } else if (offset >= 0) {
            list.push_back("weights + " + std::to_string(offset));
        }
    };
    add(step.runtime_weights, constants.weights);
    add(step.runtime_bias, constants.bias);
    for (const Operand &operand : step.addend)
        list.push_back(address(variant.plan, operand, is_looped));
    list.push_back(address(variant.plan, step.output, is_looped));
    return list;
}

void write_kernel_declarations(std::ostream &out, const Variant &variant,
                               const std::string &prefix) {
    std::vector<size_t> arity(variant.kernels.size(), 0);
    for (size_t s = 0; s < variant.plan.steps.size(); s++) {
        arity[variant.plan.steps[s].kernel_index] = addresses(variant, s).size();
    }
    for (size_t k = 0; k < arity.size(); k++) {
        out << "/* " << to_string(variant.plan.kernels[k]) << "\n   "
            << to_string(variant.kernels[k].ranked.schedule) << " */\nextern int " << prefix << "k"
            << k << "(struct context *";
        for (size_t i = 0; i < arity[k]; i++) out << ", struct buffer *";
        out << ");\n";
    }
}

void write_halo(std::ostream &out, const Plan &plan, int tensor) {
    const View &view = plan.tensors[tensor].view;
    const int block = view.layout.block;
    out << "    zero_halo(" << address(plan, {tensor, 0}) << ", " << view.mb * view.blocks << ", "
        << view.h << ", " << view.w * block << ", " << view.halo.top << ", "
        << view.halo.left * block << ", " << view.halo.bottom << ", " << view.halo.right * block
        << ");\n";
}

template<typename Number>
void write_table(std::ostream &out, const char *type, const std::string &name, const Number *values,
                 int count) {
    out << std::setprecision(17) << "static const " << type << " " << name << "[] = {";
    for (int i = 0; i < count; i++) out << (i % 16 ? " " : "\n    ") << values[i] << ",";
    out << "\n};\n";
}

std::string packing_name(const std::string &prefix, const PlanStep &step) {
    return prefix + "packing" + std::to_string(step.kernel_index);
}

// The packing of each kernel that has one: steps of one kernel share it.
void write_packings(std::ostream &out, const Variant &variant, const std::string &prefix) {
    std::set<int> written;
    for (const PlanStep &step : variant.plan.steps) {
        if (!step.packing || !written.insert(step.kernel_index).second) continue;
        const convoy_packing p = step.packing->view();
        const std::string name = packing_name(prefix, step);
        write_table(out, "int", name + "_output_channel", p.output_channel, p.positions);
        write_table(out, "int", name + "_input_channel", p.input_channel, p.ic * p.parts);
        if (p.filter)
            write_table(out, "double", name + "_filter", p.filter, p.points * p.filter_taps);
        if (p.row_filter)
            write_table(out, "double", name + "_row_filter", p.row_filter,
                        p.taps / p.points * p.row_taps);
        out << "static const struct convoy_packing " << name << " = {" << p.positions << ", "
            << name << "_output_channel, " << p.ic << ", " << p.channels << ", " << name
            << "_input_channel, " << p.taps << ", " << p.block << ", " << p.block_stride << ", "
            << p.run << ", " << p.run_stride << ", " << p.ic_run << ", " << p.ic_run_stride << ", "
            << p.ic_stride << ", " << p.tap_stride << ", " << (p.filter ? name + "_filter" : "0")
            << ", " << (p.row_filter ? name + "_row_filter" : "0") << ", " << p.points << ", "
            << p.filter_taps << ", " << p.row_taps << ", " << p.rows << ", " << p.columns << ", "
            << p.stride << ", " << p.phase_ic << ", " << p.parts << ", " << p.oc_lanes << ", "
            << p.ic_lanes << "};\n";
    }
}

// What each run packs before the step.
void write_packing(std::ostream &out, const Variant &variant, const PlanStep &step,
                   const std::string &prefix) {
    const auto call = [&](const char *function, const std::optional<RuntimeConstant> &constant) {
        if (!constant) return;
        out << "    " << function << "(&" << packing_name(prefix, step) << ", (const float *)"
            << address(variant.plan, {constant->tensor, 0}) << ",\n        (float *)"
            << address(variant.plan, constant->packed) << ");\n";
    };
    call("convoy_pack_weights", step.runtime_weights);
    call("convoy_pack_bias", step.runtime_bias);
}

// The function that packs once what the input `packed_input` then holds.
void write_pack(std::ostream &out, const Variant &variant, const std::string &prefix) {
    out << "static void " << prefix
        << "pack(const float *weights, const float *bias, float *packed) {\n    (void)bias;\n";
    for (const PlanStep &step : variant.plan.steps) {
        const auto call = [&](const char *function, const char *from,
                              const std::optional<RuntimeConstant> &constant) {
            if (!constant) return;
            out << "    " << function << "(&" << packing_name(prefix, step) << ", " << from
                << ", packed + " << constant->packed.offset_floats << ");\n";
        };
        call("convoy_pack_weights", "weights", step.runtime_weights);
        call("convoy_pack_bias", "bias", step.runtime_bias);
    }
    out << "}\n\n";
}

// What a variant keeps on its GPU.
void write_device(std::ostream &out, const Variant &variant, const std::string &prefix) {
    const int64_t weights = variant.constants.bytes();
    out << "static struct device " << prefix << "device = {&" << variant.board.gpu->api << "_api, "
        << (weights > 0 ? prefix + "weights" : "0") << ", " << weights << "u, "
        << variant.arena_bytes() << "u, 0, 0, 0, 0};\n";
}

// What the table of variants calls.
void write_device_runs(std::ostream &out, const Variant &variant, const std::string &prefix) {
    const std::string device = "&" + prefix + "device, " + prefix + "run, ";
    out << "static int " << prefix << "is_present(void) {\n    return is_present(&"
        << variant.board.gpu->api << "_api, " << variant.board.gpu->compute_capability
        << ");\n}\nstatic int " << prefix
        << "run_from_host(const struct call *call) {\n    return run_from_host(" << device
        << "call);\n}\nstatic int " << prefix
        << "run_on_stream(const float *const *inputs, float *const *outputs, void *stream) {\n"
        << "    return run_on_stream(" << device << "inputs, outputs, stream);\n}\n\n";
}

void write_step(std::ostream &out, const Variant &variant, int s, const std::string &prefix) {
    const Plan &plan = variant.plan;
    const PlanStep &step = plan.steps[s];
    const PlanTensor &output = plan.tensors[step.output.tensor];
    const bool on_gpu = variant.board.gpu.has_value();
    out << "    /* " << s << ": " << comment_text(step.name) << " */\n";
    if (!on_gpu && output.needs_halo_zeroed() && output.first_step == s &&
        !plan.holds_loop_images(output))
        write_halo(out, plan, step.output.tensor);
    if (plan.packed_input < 0) write_packing(out, variant, step, prefix);
    const auto list = addresses(variant, s);
    std::string arguments = "context";
    for (size_t i = 0; i < list.size(); i++) {
        out << "    b[" << i << (on_gpu ? "].device = (uint64)(" : "].host = (") << list[i]
            << ");\n";
        arguments += ", &b[" + std::to_string(i) + "]";
    }
    if (!on_gpu)
        out << "    context->threads = THREADS("
            << variant.kernels[step.kernel_index].ranked.most_threads << ");\n";
    out << "    CALL(" << s << ", " << prefix << "k" << step.kernel_index << "(" << arguments
        << "));\n";
}

void write_weights_address(std::ostream &out, const Variant &variant, const std::string &prefix) {
    if (variant.constants.bytes() == 0) return;
    out << "    const char *const weights = "
        << (variant.board.gpu ? "(const char *)" + prefix + "device.device_weights"
                              : prefix + "weights")
        << ";\n";
}

// The steps that take one image, and what there is of images.
void write_images(std::ostream &out, const Variant &variant, const std::string &prefix) {
    const Plan &plan = variant.plan;
    out << "\nstatic int " << prefix
        << "run_image(const struct call *call, struct context *context, char *lane, int64 image) "
           "{\n"
        << "    struct buffer b[5] = {{0}};\n";
    write_weights_address(out, variant, prefix);
    for (int s = 0; s < plan.looped_steps; s++) write_step(out, variant, s, prefix);
    out << "    return 0;\n}\n\nstatic const struct images " << prefix << "images = {" << prefix
        << "run_image, " << plan.images << ", " << plan.lanes << ", "
        << variant.other_lanes_offset() << "u, " << variant.lane_bytes() << "u};\n";
}

void write_run(std::ostream &out, const Variant &variant, const std::string &prefix) {
    const Plan &plan = variant.plan;
    out << "\nstatic int " << prefix << "run(const struct call *call) {\n"
        << "    struct buffer b[5] = {{0}};\n"
        << "    struct context of_call = {1, ARENA(" << variant.scratch_offset()
        << "), 0, call->parallel_for ? call : 0}, *const context = &of_call;\n";
    write_weights_address(out, variant, prefix);
    if (plan.looped_steps > 0) {
        for (int t = 0; t < (int)plan.tensors.size(); t++) {
            const PlanTensor &tensor = plan.tensors[t];
            if (plan.holds_loop_images(tensor) && tensor.needs_halo_zeroed())
                write_halo(out, plan, t);
        }
        out << "    const int status = run_images(call, context, &" << prefix
            << "images);\n    if (status) return status;\n";
    }
    for (int s = plan.looped_steps; s < (int)plan.steps.size(); s++)
        write_step(out, variant, s, prefix);
    out << "    return 0;\n}\n\n";
}

}  // namespace

void write_variant(std::ostream &out, const Variant &variant, const std::string &prefix) {
    out << "/* ---- " << variant.board.name << ": " << variant.board.description << " ---- */\n\n";
    if (variant.constants.bytes() > 0) out << "extern const char " << prefix << "weights[];\n";
    write_kernel_declarations(out, variant, prefix);
    write_packings(out, variant, prefix);
    const bool packs_ahead = variant.plan.packed_input >= 0;
    if (packs_ahead) write_pack(out, variant, prefix);
    const bool on_gpu = variant.board.gpu.has_value();
    if (on_gpu) write_device(out, variant, prefix);
    if (variant.plan.looped_steps > 0) write_images(out, variant, prefix);
    write_run(out, variant, prefix);
    if (on_gpu) write_device_runs(out, variant, prefix);
    out << "static const struct cpu_feature " << prefix << "features[] = {\n";
    for (const std::string &name : variant.board.cpu_features) {
        const CpuFeature &f = *find_cpu_feature(name.c_str());
        out << "    {" << f.leaf << ", " << f.subleaf << ", " << f.output - 'a' << ", " << f.bit
            << ", " << f.xcr0 << "}, /* " << name << " */\n";
    }
    out << "};\n\n";
}

}  // namespace convoy
