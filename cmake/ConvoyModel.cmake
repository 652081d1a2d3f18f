# convoy_add_model(<target> ONNX <file> [NAME <name>] [BOARDS <board>...] [DIMS <dim>=<size>...]
#                  [RECORDS <file>...] [THREADS <n>] [SHARED])
# convoy_add_layer(<target> <descriptor> [WEIGHTS <file.npy> [BIAS <file.npy>]] [NAME <name>] [BOARDS <board>...]
#                  [RECORDS <file>...] [THREADS <n>] [SHARED])
#
# Compiles an ONNX model, or one layer, when the project is built and links the library, its header <name>.h,
# convoy::runtime and the threads library into <target>, an executable or a library; call it once a model or layer.
#   ONNX        the model, relative to the current source folder
#   descriptor  a convolution in the letters of `convoy compile --help`: g4ic64ih56oc64kh3ph1+bias+relu
#   WEIGHTS     float32 (oc, ic/g, kh, kw), baked in; without them <name>_pack takes weights and bias at run time
#   BIAS        float32 (oc), with WEIGHTS for a layer with +bias
#   NAME        of the library and its header, prefix of its functions [the file's name without extension; the
#               layer's n"name", or its descriptor, with '_' for other characters than letters and digits]
#   BOARDS      what `convoy boards` lists, or board files; with several, the best one that the CPU has is taken at
#               start. Of boards for several systems those for the build's own are taken [host]
#   DIMS        sizes of the model's named dimensions, as N=1
#   RECORDS     files of tuned schedules, as `convoy records export` writes; a later one wins
#   THREADS     that schedules are chosen for; the library runs on any number [1]
#   SHARED      a shared library rather than a static one
# It is compiled again when one of the files or the convoy command changes.

# Sets <result> to the absolute path of a file that is there or that the build makes.
function(_convoy_existing_file caller what file result)
    cmake_path(ABSOLUTE_PATH file NORMALIZE OUTPUT_VARIABLE path)
    get_source_file_property(is_generated "${path}" GENERATED)
    if(NOT is_generated AND (NOT EXISTS "${path}" OR IS_DIRECTORY "${path}"))
        message(FATAL_ERROR "${caller}: no such file: ${path}: expected ${what}")
    endif()
    set(${result} "${path}" PARENT_SCOPE)
endfunction()

# Checks what cmake_parse_arguments made of a call.
macro(_convoy_check_call function usage)
    if(NOT TARGET ${target})
        message(FATAL_ERROR "${function}: '${target}' is not a target; add it first: ${usage}")
    elseif(DEFINED arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "${function}(${target}): unknown argument '${arg_UNPARSED_ARGUMENTS}': ${usage}")
    elseif(DEFINED arg_KEYWORDS_MISSING_VALUES)
        message(FATAL_ERROR "${function}(${target}): no value after ${arg_KEYWORDS_MISSING_VALUES}: ${usage}")
    endif()
endmacro()

# Compiles `what`, an ONNX file or a descriptor, to the library `name` and links it into the target. Takes the
# arguments of the caller, arg_BOARDS, arg_RECORDS, arg_THREADS and arg_SHARED, and OPTIONS of the command and FILES that it reads.
function(_convoy_add_library function target what name)
    cmake_parse_arguments(PARSE_ARGV 4 call "" "" "OPTIONS;FILES")
    if(NOT name MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
        message(FATAL_ERROR "${function}(${target}): NAME '${name}': expected a C identifier")
    endif()
    # A name cannot hold a dot: no two models of any targets share a library target, nor does one share the user's.
    set(library convoy_model.${target}.${name})
    if(TARGET ${library})
        message(FATAL_ERROR "${function}(${target}): a model '${name}' was added already: expected another NAME")
    endif()

    set(folder ${CMAKE_CURRENT_BINARY_DIR}/convoy_models/${target}/${name})
    set(kind STATIC)
    set(file ${folder}/lib/lib${name}.a)
    set(options --output ${folder} --name ${name} --quiet ${call_OPTIONS})
    if(arg_SHARED)
        set(kind SHARED)
        set(file ${folder}/lib/lib${name}.so)
        list(APPEND options --shared)
    endif()
    if(NOT arg_BOARDS)
        set(arg_BOARDS host)
    endif()
    set(boards "")
    foreach(board IN LISTS arg_BOARDS)
        if(board MATCHES "\\.json$")
            _convoy_existing_file("${function}(${target})" "a board file" "${board}" board)
            list(APPEND call_FILES ${board})
        endif()
        list(APPEND boards ${board})
    endforeach()
    list(JOIN boards "," boards)
    foreach(records IN LISTS arg_RECORDS)
        _convoy_existing_file("${function}(${target})" "a file of records" "${records}" records)
        list(APPEND call_FILES ${records})
        list(APPEND options --records ${records})
    endforeach()
    list(APPEND options --board ${boards})
    if(DEFINED arg_THREADS)
        list(APPEND options --threads ${arg_THREADS})
    endif()
    # A toolchain file may leave the processor open.
    if(CMAKE_SYSTEM_PROCESSOR)
        string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}-${CMAKE_SYSTEM_NAME}" system)
        string(REGEX REPLACE "^amd64-" "x86_64-" system "${system}")
        string(REGEX REPLACE "^arm64-" "aarch64-" system "${system}")
        list(APPEND options --system ${system})
    endif()

    cmake_path(GET what FILENAME shown)
    add_custom_command(
        OUTPUT ${file} ${folder}/include/${name}.h ${folder}/share/${name}.json
        COMMAND convoy::convoy compile ${what} ${options}
        DEPENDS ${call_FILES} convoy::convoy $<TARGET_FILE:convoy::convoy>
                $<TARGET_PROPERTY:convoy::convoy,CONVOY_DATA>
        COMMENT "Compiling ${shown} for ${boards}" VERBATIM)
    add_custom_target(${library}.compile DEPENDS ${file})

    find_package(Threads REQUIRED)
    file(MAKE_DIRECTORY ${folder}/include)
    add_library(${library} ${kind} IMPORTED GLOBAL)
    set_target_properties(${library} PROPERTIES
        IMPORTED_LOCATION ${file}
        IMPORTED_SONAME lib${name}.so
        INTERFACE_INCLUDE_DIRECTORIES ${folder}/include
        INTERFACE_LINK_LIBRARIES "convoy::runtime;Threads::Threads")
    add_dependencies(${library} ${library}.compile)

    get_target_property(type ${target} TYPE)
    if(type STREQUAL "EXECUTABLE")
        target_link_libraries(${target} PRIVATE ${library})
    elseif(type STREQUAL "INTERFACE_LIBRARY")
        target_link_libraries(${target} INTERFACE ${library})
    else()
        target_link_libraries(${target} PUBLIC ${library})
    endif()
endfunction()

function(convoy_add_model target)
    string(CONCAT usage "expected convoy_add_model(<target> ONNX <file> [NAME <name>] [BOARDS <board>...] "
                        "[DIMS <dim>=<size>...] [RECORDS <file>...] [THREADS <n>] [SHARED])")
    cmake_parse_arguments(PARSE_ARGV 1 arg "SHARED" "ONNX;NAME;THREADS" "BOARDS;DIMS;RECORDS")
    _convoy_check_call(convoy_add_model "${usage}")
    if(NOT DEFINED arg_ONNX)
        message(FATAL_ERROR "convoy_add_model(${target}): no ONNX file: ${usage}")
    endif()
    _convoy_existing_file("convoy_add_model(${target})" "an ONNX model" "${arg_ONNX}" model)
    set(name "${arg_NAME}")
    if(NOT DEFINED arg_NAME)
        cmake_path(GET model STEM LAST_ONLY name)
        string(REGEX REPLACE "[^A-Za-z0-9]" "_" name "${name}")
        string(REGEX REPLACE "^([0-9]|$)" "model_\\1" name "${name}")
    endif()
    set(options "")
    foreach(dim IN LISTS arg_DIMS)
        list(APPEND options --dim ${dim})
    endforeach()
    _convoy_add_library(convoy_add_model ${target} "${model}" "${name}" OPTIONS ${options} FILES ${model})
endfunction()

function(convoy_add_layer target descriptor)
    string(CONCAT usage "expected convoy_add_layer(<target> <descriptor> [WEIGHTS <file.npy> [BIAS <file.npy>]] "
                        "[NAME <name>] [BOARDS <board>...] [RECORDS <file>...] [THREADS <n>] [SHARED])")
    cmake_parse_arguments(PARSE_ARGV 2 arg "SHARED" "NAME;WEIGHTS;BIAS;THREADS" "BOARDS;RECORDS")
    _convoy_check_call(convoy_add_layer "${usage}")
    set(options "")
    set(files "")
    foreach(constant WEIGHTS BIAS)
        if(DEFINED arg_${constant})
            _convoy_existing_file("convoy_add_layer(${target})" "a .npy file" "${arg_${constant}}" file)
            string(TOLOWER --${constant} option)
            list(APPEND options ${option} ${file})
            list(APPEND files ${file})
        endif()
    endforeach()
    set(name "${arg_NAME}")
    if(NOT DEFINED arg_NAME)
        set(name "${descriptor}")
        if(descriptor MATCHES "n\"([^\"]+)\"")
            set(name "${CMAKE_MATCH_1}")
        endif()
        string(REGEX REPLACE "[^A-Za-z0-9]" "_" name "${name}")
        string(REGEX REPLACE "(.)_+$" "\\1" name "${name}")
    endif()
    _convoy_add_library(convoy_add_layer ${target} "${descriptor}" "${name}" OPTIONS ${options} FILES ${files})
endfunction()
