# What `cmake --install` adds to the rooms' own rules: the compiler library that the command needs, and the CMake
# package that find_package(convoy) finds.
include(CMakePackageConfigHelpers)

install(IMPORTED_RUNTIME_ARTIFACTS Halide::Halide LIBRARY DESTINATION lib)
foreach(autoscheduler Mullapudi2016 Adams2019 Li2018)
    install(FILES $<TARGET_FILE:Halide::${autoscheduler}> DESTINATION lib)
endforeach()

set(package ${PROJECT_BINARY_DIR}/package)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/convoyConfig.cmake.in ${package}/convoyConfig.cmake
                              INSTALL_DESTINATION lib/cmake/convoy
                              NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${package}/convoyConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${package}/convoyConfig.cmake ${package}/convoyConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/ConvoyModel.cmake
        DESTINATION lib/cmake/convoy)
install(EXPORT convoyTargets NAMESPACE convoy:: DESTINATION lib/cmake/convoy)
