#include "compiler/onnx/import.h"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "compiler/onnx/fold_constants.h"
#include "compiler/onnx/operators.h"
#include "onnx.pb.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;

constexpr int64_t oldest_opset = 7, newest_opset = 28;

bool is_onnx_domain(const std::string &domain) {
    return domain.empty() || domain == "ai.onnx";
}

onnx::ModelProto parse_model(const OnnxBuilder &builder, const fs::path &file) {
    std::error_code error;
    if (!fs::exists(file, error)) builder.fail("no such file, expected an ONNX model");
    if (!fs::is_regular_file(file, error)) {
        builder.fail("not a regular file, expected an ONNX model");
    }
    const uintmax_t bytes = fs::file_size(file, error);
    if (error) builder.fail("its size cannot be read: " + error.message());
    if (bytes == 0) builder.fail("the file is empty, expected an ONNX model");
    if (bytes > INT32_MAX) {
        builder.fail("the file has " + std::to_string(bytes) +
                     " bytes, expected at most 2 GiB (protobuf's limit): store the weights as " +
                     "external data");
    }
    std::ifstream stream(file, std::ios::binary);
    if (!stream) builder.fail(std::string("cannot be opened: ") + std::strerror(errno));
    onnx::ModelProto model;
    const google::protobuf::LogSilencer silencer;
    if (!model.ParseFromIstream(&stream) || !model.has_graph()) {
        builder.fail("not an ONNX model, or a truncated one");
    }
    return model;
}

int64_t find_opset(const OnnxBuilder &builder, const onnx::ModelProto &model) {
    for (const auto &opset : model.opset_import()) {
        if (!is_onnx_domain(opset.domain())) continue;
        if (opset.version() < oldest_opset || opset.version() > newest_opset) {
            builder.fail("opset " + std::to_string(opset.version()) + ", expected " +
                         std::to_string(oldest_opset) + " to " + std::to_string(newest_opset));
        }
        return opset.version();
    }
    builder.fail("it imports no opset of the ONNX operators, expected " +
                 std::to_string(oldest_opset) + " to " + std::to_string(newest_opset));
}

// One import: what the functions below share.
struct Import {
    const ImportOptions &options;
    const onnx::GraphProto &onnx;
    OnnxBuilder &builder;
    std::set<std::string> dim_names;                              // of the inputs
    std::map<std::string, const onnx::TypeProto *> stated_types;  // of outputs and value_info
};

int64_t input_dim(Import &import, const std::string &input, int index,
                  const onnx::TensorShapeProto::Dimension &dim) {
    const std::string where = "input '" + input + "', dimension " + std::to_string(index) + ": ";
    if (dim.has_dim_param() && !dim.dim_param().empty()) {
        const std::string &name = dim.dim_param();
        import.dim_names.insert(name);
        const auto fixed = import.options.dims.find(name);
        if (fixed != import.options.dims.end()) return fixed->second;
        import.builder.fail(where + "its size is the name '" + name +
                            "', expected a number: fix it with --dim " + name + "=VALUE");
    }
    if (!dim.has_dim_value()) {
        import.builder.fail(where + "it has neither size nor name, expected a static shape");
    }
    return dim.dim_value();
}

void add_input(Import &import, const onnx::ValueInfoProto &input) {
    const OnnxBuilder &builder = import.builder;
    const std::string where = "input '" + input.name() + "': ";
    if (!input.type().has_tensor_type()) builder.fail(where + "expected a tensor");
    const auto &type = input.type().tensor_type();
    if (type.elem_type() != onnx::TensorProto::FLOAT) {
        const auto data_type = onnx::TensorProto::DataType(type.elem_type());
        builder.fail(where + "its type is " +
                     (onnx::TensorProto::DataType_IsValid(data_type)
                          ? onnx::TensorProto::DataType_Name(data_type)
                          : std::to_string(data_type)) +
                     ", expected FLOAT (float32)");
    }
    if (!type.has_shape()) builder.fail(where + "it has no shape, expected a static one");
    std::vector<int64_t> dims;
    for (int i = 0; i < type.shape().dim_size(); ++i) {
        dims.push_back(input_dim(import, input.name(), i, type.shape().dim(i)));
    }
    try {
        import.builder.add_input(input.name(), dims);
    } catch (const std::invalid_argument &error) {
        builder.fail(std::string("input ") + error.what());
    }
}

void read_inputs(Import &import) {
    // Until IR version 3 every initializer was listed as an input too.
    for (const auto &tensor : import.onnx.initializer()) {
        import.builder.define_initializer(tensor);
    }
    if (import.onnx.sparse_initializer_size() > 0) {
        import.builder.fail("it has sparse initializers, expected dense ones");
    }
    for (const auto &input : import.onnx.input()) {
        const bool is_initializer =
            import.builder.is_defined(input.name()) && import.builder.is_constant(input.name());
        if (!is_initializer) add_input(import, input);
    }
    for (const auto &[name, size] : import.options.dims) {
        if (import.dim_names.contains(name)) continue;
        std::string known;
        for (const std::string &other : import.dim_names) known += " " + other;
        import.builder.fail("no input has a dimension named '" + name +
                            "', expected one of:" + (known.empty() ? " (none)" : known));
    }
}

void expect_stated_shape(const Import &import, const std::string &name, ValueId value) {
    const auto found = import.stated_types.find(name);
    if (found == import.stated_types.end() || !found->second->has_tensor_type()) return;
    const auto &type = found->second->tensor_type();
    if (!type.has_shape()) return;
    const auto &dims = import.builder.graph.values[value].dims;
    std::string stated;
    bool is_equal = type.shape().dim_size() == int(dims.size());
    for (int i = 0; i < type.shape().dim_size(); ++i) {
        const auto &dim = type.shape().dim(i);
        stated += (i ? ", " : "") + (dim.has_dim_value() ? std::to_string(dim.dim_value()) : "?");
        is_equal = is_equal && (!dim.has_dim_value() || dim.dim_value() == dims[i]);
    }
    if (is_equal) return;
    throw std::invalid_argument("'" + name + "' is computed as " + dims_text(dims) +
                                ", but the model states (" + stated + ")");
}

void expect_known_attributes(const OnnxNode &node, const OnnxOperator &known,
                             const onnx::NodeProto &proto) {
    std::string supported;
    for (const char *name : known.attributes) supported += std::string(" ") + name;
    for (const auto &attribute : proto.attribute()) {
        const bool is_known = std::ranges::any_of(
            known.attributes, [&](const char *name) { return attribute.name() == name; });
        if (is_known) continue;
        node.fail("attribute '" + attribute.name() + "' is not supported, expected one of:" +
                  (supported.empty() ? " (none)" : supported));
    }
}

// Says why a node reads a name that no earlier node defines.
[[noreturn]] void fail_undefined(const Import &import, const OnnxNode &node,
                                 const std::string &name) {
    for (const auto &other : import.onnx.node()) {
        if (std::ranges::count(other.output(), name) == 0) continue;
        node.fail("it reads '" + name + "', which node '" + OnnxNode(other, import.builder).name() +
                  "' defines later: expected nodes in an order without cycles");
    }
    node.fail("it reads '" + name + "', which nothing defines");
}

void expect_arity(const OnnxNode &node, const OnnxOperator &known, const onnx::NodeProto &proto) {
    if (proto.input_size() < known.min_inputs || proto.input_size() > known.max_inputs) {
        const bool is_range = known.min_inputs != known.max_inputs;
        node.fail("it has " + std::to_string(proto.input_size()) + " inputs, expected " +
                  std::to_string(known.min_inputs) +
                  (is_range ? " to " + std::to_string(known.max_inputs) : ""));
    }
    if (proto.output_size() < 1 || proto.output(0).empty()) node.fail("it has no output");
}

void import_node(const Import &import, const onnx::NodeProto &proto) {
    OnnxNode node(proto, import.builder);
    if (!is_onnx_domain(proto.domain())) {
        node.fail("its domain '" + proto.domain() + "' is not supported, expected ai.onnx");
    }
    const OnnxOperator *known = find_operator(proto.op_type());
    if (!known)
        node.fail("the operator is not supported, expected one of: " + supported_operators());
    expect_known_attributes(node, *known, proto);
    expect_arity(node, *known, proto);
    for (const std::string &input : proto.input()) {
        if (!input.empty() && !import.builder.is_defined(input)) {
            fail_undefined(import, node, input);
        }
    }
    for (int i = 1; i < proto.output_size(); ++i) {
        if (known->has_parts) break;
        if (i < known->max_outputs && !node.is_output_read(i)) continue;
        node.fail("its output '" + proto.output(i) + "' is used, expected only the first to be");
    }
    try {
        if (!fold_constants(node)) known->import(node);
        for (const std::string &output : proto.output()) {
            if (!import.builder.is_defined(output)) continue;
            const ValueId value = import.builder.activation(output);
            if (value >= 0) expect_stated_shape(import, output, value);
        }
    } catch (const std::invalid_argument &error) {
        node.fail(error.what());
    }
}

void read_outputs(const Import &import) {
    if (import.onnx.output_size() == 0) import.builder.fail("it has no outputs, expected some");
    for (const auto &output : import.onnx.output()) {
        const std::string where = "output '" + output.name() + "': ";
        if (!import.builder.is_defined(output.name())) {
            import.builder.fail(where + "nothing defines it");
        }
        if (import.builder.is_constant(output.name())) {
            import.builder.fail(where + "it is a constant, expected a computed value");
        }
        import.builder.add_output(output.name());
    }
}

void collect_names(Import &import) {
    for (const auto &node : import.onnx.node()) {
        import.builder.read_names.insert(node.input().begin(), node.input().end());
    }
    for (const auto &value : import.onnx.value_info()) {
        import.stated_types[value.name()] = &value.type();
    }
    for (const auto &output : import.onnx.output()) {
        import.builder.read_names.insert(output.name());
        import.stated_types[output.name()] = &output.type();
    }
    import.builder.read_names.erase("");
}

}  // namespace

Graph import_onnx(const fs::path &file, const ImportOptions &options) {
    OnnxBuilder builder(file, options);
    const onnx::ModelProto model = parse_model(builder, file);
    builder.opset = find_opset(builder, model);
    Import import{options, model.graph(), builder, {}, {}};
    collect_names(import);
    read_inputs(import);
    for (const onnx::NodeProto &node : model.graph().node()) import_node(import, node);
    read_outputs(import);
    check(builder.graph);
    return std::move(builder.graph);
}

}  // namespace convoy
