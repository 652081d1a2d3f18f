# Halide and onnx.proto come from the Python packages of the environment in use; the rest from the system.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

function(convoy_python_package_dir package out)
    execute_process(
        COMMAND ${Python3_EXECUTABLE} -c
                "import importlib.util as u; print(u.find_spec('${package}').submodule_search_locations[0])"
        OUTPUT_VARIABLE dir OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status ERROR_QUIET)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "the Python package '${package}' is missing from ${Python3_EXECUTABLE}: "
                            "run ./setup.sh, or pip install -r requirements-build.txt")
    endif()
    set(${out} ${dir} PARENT_SCOPE)
endfunction()

convoy_python_package_dir(halide halide_dir)
convoy_python_package_dir(onnx CONVOY_ONNX_DIR)
list(APPEND CMAKE_PREFIX_PATH ${halide_dir})
set(HalideHelpers_DIR ${halide_dir}/lib64/cmake/HalideHelpers)
# The default paths hold another Halide package, which wants Python's development headers.
find_package(Halide 21 REQUIRED COMPONENTS shared PATHS ${halide_dir}/lib64/cmake/Halide NO_DEFAULT_PATH)

find_package(Protobuf REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(Threads REQUIRED)

# CLP has no CMake package in Debian. Its C interface needs CoinUtils' headers and no more libraries.
find_path(CLP_INCLUDE_DIR Clp_C_Interface.h PATH_SUFFIXES coin coin-or)
find_library(CLP_LIBRARY Clp)
if(NOT CLP_INCLUDE_DIR OR NOT CLP_LIBRARY)
    message(FATAL_ERROR "CLP is missing: run ./setup.sh, or apt-get install coinor-libclp-dev")
endif()
add_library(Clp::Clp UNKNOWN IMPORTED)
set_target_properties(Clp::Clp PROPERTIES
    IMPORTED_LOCATION ${CLP_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${CLP_INCLUDE_DIR})

# Debian's own package file also wants the xgboost program.
find_path(XGBOOST_INCLUDE_DIR xgboost/c_api.h REQUIRED)
find_library(XGBOOST_LIBRARY xgboost REQUIRED)
add_library(xgboost::xgboost SHARED IMPORTED)
set_target_properties(xgboost::xgboost PROPERTIES
    IMPORTED_LOCATION ${XGBOOST_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${XGBOOST_INCLUDE_DIR})
