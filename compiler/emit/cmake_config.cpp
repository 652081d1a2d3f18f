#include <sstream>

#include "compiler/emit/library.h"

namespace convoy {

namespace {

// Sets _<name>_system to the build's own, where the package has it.
void write_choice(std::ostream &out, const std::vector<Library> &package) {
    const std::string &n = package.front().name;
    const std::string system = "_" + n + "_system", known = "_" + n + "_systems";
    out << "string(TOLOWER \"${CMAKE_SYSTEM_PROCESSOR}-${CMAKE_SYSTEM_NAME}\" " << system << ")\n";
    for (const char *names : {"^amd64-\" \"x86_64-", "^arm64-\" \"aarch64-"}) {
        out << "string(REGEX REPLACE \"" << names << "\" " << system << " \"${" << system
            << "}\")\n";
    }
    out << "set(" << known;
    for (const Library &library : package) out << " " << library.system;
    out << ")\n"
        << "list(FIND " << known << " \"${" << system << "}\" _" << n << "_index)\n"
        << "if(_" << n << "_index EQUAL -1)\n"
        << "    set(" << n << "_FOUND FALSE)\n"
        << "    list(JOIN " << known << " \", \" " << known << ")\n"
        << "    set(" << n << "_NOT_FOUND_MESSAGE \"CMAKE_SYSTEM_PROCESSOR is "
        << "'${CMAKE_SYSTEM_PROCESSOR}' and CMAKE_SYSTEM_NAME '${CMAKE_SYSTEM_NAME}', expected "
        << "one of the systems that " << n << " is compiled for: ${" << known << "}\")\n"
        << "    return()\n"
        << "endif()\n";
}

}  // namespace

std::string cmake_config(const std::vector<Library> &package, bool shared) {
    const std::string &n = package.front().name;
    std::ostringstream out;
    out << "# Imports the compiled network as " << n << "::" << n
        << (package.size() > 1 ? ", the library of the system that is built for.\n" : ".\n")
        << "get_filename_component(_" << n
        << "_root \"${CMAKE_CURRENT_LIST_DIR}/../../..\" ABSOLUTE)\n";
    if (package.size() > 1) write_choice(out, package);
    const std::string folder = package.size() > 1 ? "lib/${_" + n + "_system}" : "lib";
    out << "if(NOT TARGET " << n << "::" << n << ")\n"
        << "    find_package(Threads REQUIRED)\n"
        << "    add_library(" << n << "::" << n << (shared ? " SHARED" : " STATIC")
        << " IMPORTED)\n"
        << "    set_target_properties(" << n << "::" << n << " PROPERTIES\n"
        << "        IMPORTED_LOCATION \"${_" << n << "_root}/" << folder << "/"
        << package.front().file.filename().string() << "\"\n"
        << "        INTERFACE_INCLUDE_DIRECTORIES \"${_" << n << "_root}/include\"\n"
        << "        INTERFACE_LINK_LIBRARIES \"Threads::Threads"
        << (package.front().takes_device_memory ? ";${CMAKE_DL_LIBS}" : "") << "\")\n"
        << "endif()\n";
    for (const char *variable : {"_root", "_system", "_systems", "_index"}) {
        if (package.size() > 1 || variable == std::string("_root"))
            out << "unset(_" << n << variable << ")\n";
    }
    return out.str();
}

}  // namespace convoy
