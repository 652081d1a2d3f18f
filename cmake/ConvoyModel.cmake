# convoy_add_model(<target> ONNX <file> [NAME <name>] [BOARDS <board>...] [DIMS <dim>=<size>...] [SHARED])
#
# Compiles an ONNX model when the project is built and links the library, its header <name>.h, convoy::runtime
# and the threads library into <target>, an executable or a library; call it once a model.
#   ONNX    the model, relative to the current source folder
#   NAME    of the library and its header, prefix of its functions [the file's name without extension]
#   BOARDS  what `convoy boards` lists; with several, the best one that the CPU has is taken at start [host]
#   DIMS    sizes of the model's named dimensions, as N=1
#   SHARED  a shared library rather than a static one
# The model is compiled again when the ONNX file or the convoy command changes.
function(convoy_add_model target)
    set(usage "expected convoy_add_model(<target> ONNX <file> [NAME <name>] [BOARDS <board>...] "
              "[DIMS <dim>=<size>...] [SHARED])")
    string(CONCAT usage ${usage})
    cmake_parse_arguments(PARSE_ARGV 1 arg "SHARED" "ONNX;NAME" "BOARDS;DIMS")
    if(NOT TARGET ${target})
        message(FATAL_ERROR "convoy_add_model: '${target}' is not a target; add it first: ${usage}")
    elseif(DEFINED arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "convoy_add_model(${target}): unknown argument '${arg_UNPARSED_ARGUMENTS}': ${usage}")
    elseif(DEFINED arg_KEYWORDS_MISSING_VALUES)
        message(FATAL_ERROR "convoy_add_model(${target}): no value after ${arg_KEYWORDS_MISSING_VALUES}: ${usage}")
    elseif(NOT DEFINED arg_ONNX)
        message(FATAL_ERROR "convoy_add_model(${target}): no ONNX file: ${usage}")
    endif()

    cmake_path(ABSOLUTE_PATH arg_ONNX NORMALIZE OUTPUT_VARIABLE model)
    get_source_file_property(is_generated "${model}" GENERATED)
    if(NOT is_generated AND (NOT EXISTS "${model}" OR IS_DIRECTORY "${model}"))
        message(FATAL_ERROR "convoy_add_model(${target}): no such file: ${model}: expected an ONNX model")
    endif()
    set(name "${arg_NAME}")
    if(NOT DEFINED arg_NAME)
        cmake_path(GET model STEM LAST_ONLY name)
        string(REGEX REPLACE "[^A-Za-z0-9]" "_" name "${name}")
        string(REGEX REPLACE "^([0-9]|$)" "model_\\1" name "${name}")
    elseif(NOT name MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
        message(FATAL_ERROR "convoy_add_model(${target}): NAME '${name}': expected a C identifier")
    endif()
    # A name cannot hold a dot: no two models of any targets share a library target, nor does one share the user's.
    set(library convoy_model.${target}.${name})
    if(TARGET ${library})
        message(FATAL_ERROR "convoy_add_model(${target}): a model '${name}' was added already: "
                            "expected another NAME")
    endif()

    set(folder ${CMAKE_CURRENT_BINARY_DIR}/convoy_models/${target}/${name})
    set(kind STATIC)
    set(file ${folder}/lib/lib${name}.a)
    set(options --output ${folder} --name ${name} --quiet)
    if(arg_SHARED)
        set(kind SHARED)
        set(file ${folder}/lib/lib${name}.so)
        list(APPEND options --shared)
    endif()
    if(NOT arg_BOARDS)
        set(arg_BOARDS host)
    endif()
    list(JOIN arg_BOARDS "," boards)
    list(APPEND options --board ${boards})
    foreach(dim IN LISTS arg_DIMS)
        list(APPEND options --dim ${dim})
    endforeach()

    cmake_path(GET model FILENAME model_file)
    add_custom_command(
        OUTPUT ${file} ${folder}/include/${name}.h ${folder}/share/${name}.json
        COMMAND convoy::convoy compile ${model} ${options}
        DEPENDS ${model} convoy::convoy $<TARGET_FILE:convoy::convoy>
                $<TARGET_PROPERTY:convoy::convoy,CONVOY_DATA>
        COMMENT "Compiling ${model_file} for ${boards}" VERBATIM)
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
