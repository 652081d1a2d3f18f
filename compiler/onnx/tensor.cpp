#include "compiler/onnx/tensor.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "onnx.pb.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;
using onnx::TensorProto;

// ONNX stores raw data little endian; it is copied as it is.
static_assert(std::endian::native == std::endian::little);

[[noreturn]] void fail(const std::string &what) {
    throw std::invalid_argument(what);
}

float float_of_half(uint16_t half) {
    const int exponent = (half >> 10) & 31, mantissa = half & 1023;
    float magnitude;
    if (exponent == 31) {
        magnitude = mantissa ? NAN : INFINITY;
    } else if (exponent == 0) {
        magnitude = std::ldexp(float(mantissa), -24);
    } else {
        magnitude = std::ldexp(float(mantissa + 1024), exponent - 25);
    }
    return half & 0x8000 ? -magnitude : magnitude;
}

struct ElementType {
    int data_type;
    const char *name;
    size_t bytes;
    bool is_float;
};

constexpr ElementType element_types[] = {
    {TensorProto::FLOAT, "float32", 4, true},  {TensorProto::FLOAT16, "float16", 2, true},
    {TensorProto::DOUBLE, "float64", 8, true}, {TensorProto::INT64, "int64", 8, false},
    {TensorProto::INT32, "int32", 4, false},   {TensorProto::BOOL, "bool", 1, false},
};

const ElementType &element_type(int data_type) {
    std::string supported;
    for (const ElementType &type : element_types) {
        if (type.data_type == data_type) return type;
        supported += std::string(supported.empty() ? "" : ", ") + type.name;
    }
    const std::string name = TensorProto::DataType_IsValid(data_type)
                                 ? TensorProto::DataType_Name(TensorProto::DataType(data_type))
                                 : std::to_string(data_type);
    fail("has data type " + name + ", expected one of " + supported);
}

struct ExternalData {
    std::string location;
    uintmax_t offset = 0;
    uintmax_t length = 0;
    bool has_length = false;
};

uintmax_t parse_size(const std::string &key, const std::string &text) {
    uintmax_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || end != text.data() + text.size()) {
        fail("has external data of " + key + " '" + text + "', expected a number of bytes");
    }
    return size;
}

ExternalData parse_external(const TensorProto &proto) {
    ExternalData external;
    for (const auto &entry : proto.external_data()) {
        if (entry.key() == "location") external.location = entry.value();
        if (entry.key() == "offset") external.offset = parse_size(entry.key(), entry.value());
        if (entry.key() == "length") {
            external.length = parse_size(entry.key(), entry.value());
            external.has_length = true;
        }
    }
    return external;
}

// The external file's path, links resolved: a model must not read what lies outside its folder.
fs::path external_path(const std::string &location, const fs::path &folder) {
    if (location.empty()) fail("has external data without a location");
    std::error_code error;
    const fs::path root = fs::weakly_canonical(folder.empty() ? "." : folder, error);
    const fs::path path = fs::weakly_canonical(root / location, error);
    const fs::path relative = path.lexically_relative(root);
    if (fs::path(location).is_absolute() || relative.empty() || *relative.begin() == "..") {
        fail("has its data in '" + location + "', which is outside the model's folder");
    }
    if (!fs::is_regular_file(path, error)) {
        fail("has its data in '" + location + "', which is not a file in the model's folder");
    }
    return path;
}

std::string read_external(const TensorProto &proto, const fs::path &folder, uintmax_t bytes) {
    const ExternalData external = parse_external(proto);
    const fs::path path = external_path(external.location, folder);
    std::error_code error;
    const uintmax_t size = fs::file_size(path, error);
    const std::string where = "has its data in '" + external.location + "'";
    if (error) fail(where + ", whose size cannot be read: " + error.message());
    if (external.has_length && external.length != bytes) {
        fail(where + " with length " + std::to_string(external.length) + ", expected " +
             std::to_string(bytes) + " bytes for its dims and type");
    }
    if (external.offset > size || size - external.offset < bytes) {
        fail(where + " at offset " + std::to_string(external.offset) + ": the file has " +
             std::to_string(size) + " bytes, expected at least " + std::to_string(external.offset) +
             " + " + std::to_string(bytes));
    }
    std::string data(bytes, '\0');
    std::ifstream stream(path, std::ios::binary);
    stream.seekg(std::streamoff(external.offset));
    if (!stream.read(data.data(), std::streamsize(bytes))) fail(where + ", which cannot be read");
    return data;
}

template<typename Stored, typename Out, typename Convert>
void convert_bytes(const std::string &bytes, std::vector<Out> &out, Convert convert) {
    for (size_t i = 0; i < out.size(); ++i) {
        Stored stored;
        std::memcpy(&stored, bytes.data() + i * sizeof stored, sizeof stored);
        out[i] = Out(convert(stored));
    }
}

template<typename T>
T same(T value) {
    return value;
}

void convert_floats(int data_type, const std::string &bytes, std::vector<float> &out) {
    switch (data_type) {
        case TensorProto::FLOAT16:
            return convert_bytes<uint16_t>(bytes, out, float_of_half);
        case TensorProto::DOUBLE:
            return convert_bytes<double>(bytes, out, same<double>);
        default:
            return convert_bytes<float>(bytes, out, same<float>);
    }
}

void convert_integers(int data_type, const std::string &bytes, std::vector<int64_t> &out) {
    switch (data_type) {
        case TensorProto::INT32:
            return convert_bytes<int32_t>(bytes, out, same<int32_t>);
        case TensorProto::BOOL:
            return convert_bytes<uint8_t>(bytes, out, same<uint8_t>);
        default:
            return convert_bytes<int64_t>(bytes, out, same<int64_t>);
    }
}

// Number of elements in the typed field that holds this type's values when raw data are absent.
int64_t typed_size(const TensorProto &proto) {
    switch (proto.data_type()) {
        case TensorProto::FLOAT:
            return proto.float_data_size();
        case TensorProto::DOUBLE:
            return proto.double_data_size();
        case TensorProto::INT64:
            return proto.int64_data_size();
        default:
            return proto.int32_data_size();
    }
}

void expect_elements(const std::vector<int64_t> &dims, int64_t found, int64_t expected) {
    if (found == expected) return;
    fail("holds " + std::to_string(found) + " elements, expected " + std::to_string(expected) +
         " for its dims " + dims_text(dims));
}

void copy_typed_floats(const TensorProto &proto, std::vector<float> &out) {
    for (size_t i = 0; i < out.size(); ++i) {
        switch (proto.data_type()) {
            case TensorProto::FLOAT:
                out[i] = proto.float_data(int(i));
                break;
            case TensorProto::DOUBLE:
                out[i] = float(proto.double_data(int(i)));
                break;
            default:
                out[i] = float_of_half(uint16_t(proto.int32_data(int(i))));
        }
    }
}

void copy_typed_integers(const TensorProto &proto, std::vector<int64_t> &out) {
    const bool is_wide = proto.data_type() == TensorProto::INT64;
    for (size_t i = 0; i < out.size(); ++i) {
        out[i] = is_wide ? proto.int64_data(int(i)) : proto.int32_data(int(i));
    }
}

}  // namespace

int64_t element_count(const std::vector<int64_t> &dims) {
    int64_t count = 1;
    bool is_empty = false;
    for (int64_t dim : dims) {
        if (dim < 0 || dim > max_elements) return -1;
        is_empty = is_empty || dim == 0;
        count *= dim == 0 ? 1 : dim;
        if (count > max_elements) return -1;
    }
    return is_empty ? 0 : count;
}

OnnxTensor read_tensor(const TensorProto &proto, const fs::path &folder) {
    OnnxTensor tensor;
    tensor.dims.assign(proto.dims().begin(), proto.dims().end());
    const ElementType &type = element_type(proto.data_type());
    const int64_t count = element_count(tensor.dims);
    if (count < 0) {
        fail("has dims " + dims_text(tensor.dims) + ", expected none negative and at most " +
             std::to_string(max_elements) + " elements");
    }
    if (proto.has_segment()) fail("is stored in segments, which are not supported");

    const bool is_external = proto.data_location() == TensorProto::EXTERNAL;
    const bool is_raw = is_external || proto.has_raw_data();
    std::string external;
    if (is_external) external = read_external(proto, folder, uintmax_t(count) * type.bytes);
    const std::string &bytes = is_external ? external : proto.raw_data();
    if (!is_raw) {
        expect_elements(tensor.dims, typed_size(proto), count);
    } else if (bytes.size() != size_t(count) * type.bytes) {
        fail("holds " + std::to_string(bytes.size()) + " bytes, expected " +
             std::to_string(size_t(count) * type.bytes) + " for its dims " +
             dims_text(tensor.dims) + " of " + type.name);
    }

    tensor.is_float = type.is_float;
    if (type.is_float) {
        std::vector<float> floats(count);
        is_raw ? convert_floats(type.data_type, bytes, floats) : copy_typed_floats(proto, floats);
        tensor.floats = std::make_shared<const std::vector<float>>(std::move(floats));
    } else {
        tensor.integers.resize(count);
        is_raw ? convert_integers(type.data_type, bytes, tensor.integers)
               : copy_typed_integers(proto, tensor.integers);
    }
    return tensor;
}

}  // namespace convoy
