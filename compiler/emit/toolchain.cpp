#include "compiler/emit/toolchain.h"

#include "compiler/emit/program.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;

// One of the LLVM programs, of whatever version.
fs::path find_tool(const char *variable, const std::string &name) {
    std::vector<std::string> names = {name};
    for (int version = 22; version >= 13; version--)
        names.push_back(name + "-" + std::to_string(version));
    return find_program(variable, names, "clang and llvm");
}

std::vector<std::string> with_objects(std::vector<std::string> command,
                                      const std::vector<fs::path> &objects) {
    for (const fs::path &object : objects) command.push_back(object);
    return command;
}

#if defined(__x86_64__)
constexpr const char *this_processor = "x86_64";
#else
constexpr const char *this_processor = "aarch64";
#endif

}  // namespace

Toolchain::Toolchain()
    : clang_(find_tool("CONVOY_CLANG", "clang")),
      ar_(find_tool("CONVOY_LLVM_AR", "llvm-ar")),
      objcopy_(find_tool("CONVOY_LLVM_OBJCOPY", "llvm-objcopy")) {}

void Toolchain::compile(const Board &board, const fs::path &source, const fs::path &object) const {
    std::vector<std::string> command = {clang_,
                                        "--target=" + board.clang_triple,
                                        "-ffreestanding",
                                        "-fPIC",
                                        "-fvisibility=hidden",
                                        "-O2",
                                        "-c",
                                        source,
                                        "-o",
                                        object};
    // Else atomics are calls of the compiler's own library.
    if (board.clang_triple.starts_with("aarch64")) command.push_back("-mno-outline-atomics");
    run_program(command, object);
}

void Toolchain::archive(const std::vector<fs::path> &objects, const fs::path &library) const {
    run_program(with_objects({ar_, "rcsD", library}, objects), library);
}

void Toolchain::link_shared(const Board &board, const std::vector<fs::path> &objects,
                            const fs::path &library) const {
    // nodelete: the worker threads outlive a dlclose.
    run_program(
        with_objects({clang_, "--target=" + board.clang_triple, "-shared", "-Wl,-z,nodelete",
                      "-Wl,-z,noexecstack", "-Wl,--build-id=none",
                      "-Wl,-soname," + library.filename().string(), "-o", library, "-pthread"},
                     objects),
        library);
}

std::string Toolchain::hosted_compiler(const Board &board) const {
    if (board.clang_triple.starts_with(this_processor)) return clang_;
    const std::string name = board.clang_triple + "-gcc";
    return find_program("CONVOY_CROSS_GCC", {name}, "gcc-" + board.clang_triple);
}

void Toolchain::compile_hosted(const Board &board, const fs::path &source,
                               const fs::path &object) const {
    run_program({hosted_compiler(board), "-std=gnu11", "-O2", "-c", source, "-o", object}, object);
}

void Toolchain::link_program(const Board &board, const std::vector<fs::path> &objects,
                             const fs::path &program, bool is_static) const {
    std::vector<std::string> command = with_objects({hosted_compiler(board)}, objects);
    if (is_static) command.push_back("-static");
    command.insert(command.end(), {"-o", program, "-pthread", "-lm"});
    if (board.gpu) command.push_back("-ldl");
    run_program(command, program);
}

void Toolchain::rename_symbols(
    const fs::path &object, const std::vector<std::pair<std::string, std::string>> &names) const {
    std::vector<std::string> command = {objcopy_};
    for (const auto &[from, to] : names) command.push_back("--redefine-sym=" + from + "=" + to);
    command.push_back(object);
    run_program(command, object);
}

}  // namespace convoy
