#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "compiler/graph.h"
#include "compiler/onnx/import.h"
#include "compiler/onnx/tensor.h"

namespace onnx {
class TensorProto;
}

namespace convoy {

// The graph under construction and what each ONNX name stands for so far.
class OnnxBuilder {
public:
    OnnxBuilder(const std::filesystem::path &file, const ImportOptions &options);

    // Throws ImportError of one line that begins with the file.
    [[noreturn]] void fail(const std::string &what) const;
    void warn(const std::string &what) const;
    // Where external data lie.
    std::filesystem::path folder() const { return file_.parent_path(); }

    bool is_defined(const std::string &name) const;
    bool is_constant(const std::string &name) const;

    // Throws ImportError when the name is already taken.
    void define_activation(const std::string &name, ValueId value);
    void define_constant(const std::string &name, OnnxTensor tensor);
    // An initialiser is converted when it is first read, so that unused ones of any type are
    // accepted.
    void define_initializer(const onnx::TensorProto &proto);
    void define_alias(const std::string &name, const std::string &existing);

    // The value a name stands for; -1 when the name is a constant.
    ValueId activation(const std::string &name) const;
    // Throws std::invalid_argument when the tensor cannot be read.
    const OnnxTensor &constant(const std::string &name);

    // Throws std::invalid_argument for dims of no or too many elements.
    ValueId add_value(const std::string &name, const std::vector<int64_t> &dims);
    // Appends a node that defines a new value of the given dims; the value is not yet bound to a
    // name. What reads nothing but literals is computed at once and becomes a literal.
    ValueId add_node(const std::string &node_name, Operation operation, std::vector<ValueId> inputs,
                     const std::string &output_name, const std::vector<int64_t> &dims);
    // The operation that defines the value, if it is a literal; else null.
    const Literal *literal(ValueId value) const;
    void add_input(const std::string &name, const std::vector<int64_t> &dims);
    void add_output(const std::string &name);

    // Names that a node or a graph output reads: other outputs of nodes need not be computed.
    std::set<std::string> read_names;
    int64_t opset = 0;
    Graph graph;

private:
    struct Definition {
        ValueId value = -1;
        const onnx::TensorProto *unread = nullptr;  // an initialiser not yet converted
        std::shared_ptr<const OnnxTensor> tensor = nullptr;
    };

    void define(const std::string &name, Definition definition);
    Literal evaluated(const Node &node) const;
    void warn_of_non_finite(const std::string &name, const OnnxTensor &tensor) const;

    std::filesystem::path file_;
    const ImportOptions &options_;
    std::map<std::string, Definition> definitions_;
};

}  // namespace convoy
