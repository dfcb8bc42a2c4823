# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
# One library per folder, one test program per folder, and the programs; all with our warnings.

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# As Debian builds: -O3 takes a tenth longer to compile. tinyjoule_loops asks for it.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

find_program(TINYJOULE_CCACHE ccache)
if(TINYJOULE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The sloppiness is what ccache asks for with precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
      ${TINYJOULE_CCACHE})
endif()
find_program(TINYJOULE_MOLD mold)
if(TINYJOULE_MOLD AND NOT CMAKE_CROSSCOMPILING)
  add_link_options(-fuse-ld=mold)
endif()
add_link_options(-Wl,--as-needed)

if(TINYJOULE_SANITIZE)
  add_compile_options(-fsanitize=${TINYJOULE_SANITIZE} -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${TINYJOULE_SANITIZE})
endif()

add_library(tinyjoule_flags INTERFACE)
target_compile_options(tinyjoule_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  $<$<CXX_COMPILER_ID:GNU>:-Wno-psabi>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
target_include_directories(tinyjoule_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(tinyjoule_flags INTERFACE TINYJOULE_VERSION="${PROJECT_VERSION}")

# Reading gRPC's, protobuf's or CLI11's headers takes longer than most of our files: PRECOMPILE names
# those of a target. thread-safety builds without, so that a missing include is seen.
option(TINYJOULE_PRECOMPILE "Precompile the headers that a target names" ON)
function(tinyjoule_precompile name)
  if(TINYJOULE_PRECOMPILE AND ARGN)
    list(TRANSFORM ARGN REPLACE "(.+)" "<\\1>" OUTPUT_VARIABLE headers)
    target_precompile_headers(${name} PRIVATE ${headers})
    # Without it ccache would not see that a precompiled header has changed.
    target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
  endif()
endfunction()

# tinyjoule_loops(NAME...): these libraries are loops over numbers. They are optimised also under a
# sanitizer, where they would take most of the tests' time.
function(tinyjoule_loops)
  foreach(name ${ARGN})
    if(TINYJOULE_SANITIZE)
      target_compile_options(${name} PRIVATE -O1)
    else()
      target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O3>)
    endif()
  endforeach()
endfunction()

# tinyjoule_library(NAME SOURCES a.cc ... [DEPS ...] [PRECOMPILE "header.h" ...])
function(tinyjoule_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRECOMPILE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE tinyjoule_flags PUBLIC ${ARG_DEPS})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  tinyjoule_precompile(${name} ${ARG_PRECOMPILE})
endfunction()

# Every program, and nothing of the tests: what deploy/quickstart builds.
add_custom_target(programs)

# tinyjoule_program(NAME SOURCES main.cc ... [DEPS ...])
function(tinyjoule_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE tinyjoule_flags ${ARG_DEPS})
  add_dependencies(programs ${name})
endfunction()

# tinyjoule_test(NAME SOURCES a_test.cc ... [DEPS ...] [LABEL unit] [TIMEOUT seconds] [SERIAL]
#                [PRECOMPILE "header.h" ...])
# A program of GoogleTest cases, each a test of ctest under the label. Tests find
# files by tests/support/paths.h, and real data in $TINYJOULE_TEST_DATA_DIR.
function(tinyjoule_test name)
  if(NOT TINYJOULE_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "SERIAL" "LABEL;TIMEOUT" "SOURCES;DEPS;PRECOMPILE" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(TINYJOULE_SANITIZE)
    math(EXPR ARG_TIMEOUT "5 * ${ARG_TIMEOUT}")
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE
    tinyjoule_flags tj_test_paths ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  # What is tested is optimised; the tests themselves would only take longer to compile.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  list(LENGTH ARG_SOURCES source_count)
  if(source_count GREATER 3)
    tinyjoule_precompile(${name} gmock/gmock.h ${ARG_PRECOMPILE})
  endif()
  set(properties LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  if(ARG_SERIAL)
    list(APPEND properties RUN_SERIAL TRUE)
  endif()
  # Names of parameters, not their bytes.
  gtest_discover_tests(${name} NO_PRETTY_VALUES DISCOVERY_MODE PRE_TEST PROPERTIES ${properties})
endfunction()
