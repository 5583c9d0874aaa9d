# SPDX-License-Identifier: MIT OR Apache-2.0
#
# What `cmake --install` puts where. The pkg-config file finds its prefix from its own place, so a tree that is
# installed with DESTDIR or moved afterwards works as it lies.
include(CMakePackageConfigHelpers)

install(TARGETS ${SKEP_LIBRARIES} EXPORT skepTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/skep" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")

set(SKEP_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/skep")
install(EXPORT skepTargets NAMESPACE skep:: DESTINATION ${SKEP_CMAKE_DIR})
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/skepConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/skepConfig.cmake" INSTALL_DESTINATION ${SKEP_CMAKE_DIR})
write_basic_package_version_file("${PROJECT_BINARY_DIR}/skepConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/skepConfig.cmake" "${PROJECT_BINARY_DIR}/skepConfigVersion.cmake"
        DESTINATION ${SKEP_CMAKE_DIR})

file(RELATIVE_PATH SKEP_PC_PREFIX "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" SKEP_PC_PREFIX "${SKEP_PC_PREFIX}")
configure_file("${CMAKE_CURRENT_LIST_DIR}/skep.pc.in" "${PROJECT_BINARY_DIR}/skep.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/skep.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(SKEP_HAVE_TOOL)
    install(TARGETS skep_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    if(EXISTS "${PROJECT_SOURCE_DIR}/docs/skep.1")
        install(FILES "${PROJECT_SOURCE_DIR}/docs/skep.1" DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
    endif()
endif()
