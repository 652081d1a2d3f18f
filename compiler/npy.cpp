#include "compiler/npy.h"

#include <bit>
#include <cstring>
#include <fstream>
#include <regex>

#include "compiler/emit/kernel_compiler.h"
#include "compiler/graph.h"

namespace convoy {

namespace {

using Dims = std::vector<int64_t>;

struct Header {
    std::string type;
    bool is_fortran = false;
    Dims dims;
};

constexpr size_t longest_header = 1 << 16;

class Reader {
public:
    explicit Reader(const std::filesystem::path &file)
        : file_(file), stream_(file, std::ios::binary) {
        if (!stream_ || std::filesystem::is_directory(file)) fail("cannot be read");
    }

    [[noreturn]] void fail(const std::string &what) const {
        throw CompileError(file_.string() + ": " + what);
    }

    Header header() {
        const std::string start = bytes(8);
        const int version = start[6];
        if (start.compare(0, 6, "\x93NUMPY") != 0) fail("not a .npy file");
        if (version < 1 || version > 3)
            fail("is of .npy version " + std::to_string(version) + ", expected 1 to 3");
        const std::string length = bytes(version == 1 ? 2 : 4);
        size_t size = 0;
        for (size_t i = length.size(); i-- > 0;) size = size << 8 | (unsigned char)length[i];
        if (size > longest_header) fail("its header is " + std::to_string(size) + " bytes long");
        return parse(bytes(size));
    }

    // All that is left.
    std::vector<float> floats(int64_t count) {
        std::vector<float> values((size_t)count);
        stream_.read(reinterpret_cast<char *>(values.data()), (std::streamsize)(count * 4));
        if (stream_.gcount() != (std::streamsize)(count * 4))
            fail("ends after " + std::to_string(stream_.gcount() / 4) + " of " +
                 std::to_string(count) + " floats");
        if (stream_.peek() != std::ifstream::traits_type::eof())
            fail("holds more than the " + std::to_string(count) + " floats that its header states");
        return values;
    }

private:
    std::string bytes(size_t count) {
        std::string text(count, '\0');
        stream_.read(text.data(), (std::streamsize)count);
        if ((size_t)stream_.gcount() != count) fail("not a .npy file, or it ends in its header");
        return text;
    }

    // {'descr': '<f4', 'fortran_order': False, 'shape': (64, 16, 3, 3), }
    Header parse(const std::string &text) const {
        static const std::regex descr("'descr': *'([^']*)'"),
            order("'fortran_order': *(True|False)"), shape("'shape': *\\(([0-9, ]*)\\)");
        std::smatch type, fortran, extents;
        if (!std::regex_search(text, type, descr) || !std::regex_search(text, fortran, order) ||
            !std::regex_search(text, extents, shape))
            fail("its header has no 'descr', 'fortran_order' and 'shape' of a plain array");
        Header header{type[1], fortran[1] == "True", {}};
        static const std::regex number("[0-9]+");
        const std::string list = extents[1];
        for (std::sregex_iterator at(list.begin(), list.end(), number), end; at != end; ++at) {
            if (at->length() > 9) fail("a dim of its shape (" + list + ") is too large");
            header.dims.push_back(std::stoll(at->str()));
        }
        return header;
    }

    std::filesystem::path file_;
    std::ifstream stream_;
};

// The first dim varies fastest in Fortran's order.
std::vector<float> from_fortran(const std::vector<float> &values, const Dims &dims) {
    std::vector<float> ordered(values.size());
    Dims index(dims.size(), 0);
    for (float &to : ordered) {
        int64_t at = 0, stride = 1;
        for (size_t d = 0; d < dims.size(); d++) at += index[d] * stride, stride *= dims[d];
        to = values[(size_t)at];
        for (size_t d = dims.size(); d-- > 0 && ++index[d] == dims[d];) index[d] = 0;
    }
    return ordered;
}

}  // namespace

std::vector<float> read_npy(const std::filesystem::path &file, const std::vector<int64_t> &dims) {
    static_assert(std::endian::native == std::endian::little);
    Reader reader(file);
    const Header header = reader.header();
    if (header.type != "<f4")
        reader.fail("holds '" + header.type + "', expected little-endian float32, '<f4'");
    if (header.dims != dims)
        reader.fail("is " + dims_text(header.dims) + ", expected " + dims_text(dims));
    const std::vector<float> values = reader.floats(Value{"", dims}.count());
    return header.is_fortran ? from_fortran(values, dims) : values;
}

}  // namespace convoy
