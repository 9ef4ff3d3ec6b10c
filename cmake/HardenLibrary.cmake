# SPDX-License-Identifier: LGPL-2.1-or-later
# What a folder's CMakeLists.txt calls. A library is all of a folder; its unit tests stand beside its
# sources and become one GoogleTest program, whose tests ctest sees one by one.
#
#   harden_library(NAME unit
#     DEPENDS util catalogue             # folders below; the layering test checks the direction
#     SOURCES unit_file.cc words.cc
#     TESTS unit_file_test.cc            # may include "support/…" of test/
#     LIBRARIES …                        # third-party, private; PUBLIC_LIBRARIES if in our headers
#     TEST_DEPENDS … TEST_LIBRARIES …)
#   harden_program(NAME harden DEPENDS cli SOURCES main.cc [STATIC])
#   harden_script_test(NAME score/differential COMMAND … [LABELS …] [TIMEOUT s] [ONCE])
#     exit 77: skipped, the last line says why; ONCE: in the release build only (guests, slow ones)
#   harden_fuzzer(NAME unit_file DEPENDS unit SOURCES unit_file_fuzz.cc)
#   harden_benchmark(NAME score DEPENDS exposure SOURCES score_bench.cc)
include(CheckCXXSourceCompiles)
if(HARDEN_TESTS)
  include(GoogleTest)
endif()

function(harden_folder_targets out)
  set(targets)
  foreach(folder IN LISTS ARGN)
    list(APPEND targets harden_${folder})
  endforeach()
  set(${out} ${targets} PARENT_SCOPE)
endfunction()

function(harden_library)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME"
    "DEPENDS;SOURCES;TESTS;LIBRARIES;PUBLIC_LIBRARIES;TEST_DEPENDS;TEST_LIBRARIES")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_NAME)
    message(FATAL_ERROR "harden_library: no NAME, or unknown words: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  set(target harden_${arg_NAME})
  harden_folder_targets(depends ${arg_DEPENDS})
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    target_link_libraries(${target}
      PUBLIC ${depends} ${arg_PUBLIC_LIBRARIES}
      PRIVATE harden_options fmt::fmt-header-only ${arg_LIBRARIES})
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${depends} ${arg_PUBLIC_LIBRARIES})
    target_include_directories(${target} INTERFACE ${PROJECT_SOURCE_DIR}/src)
  endif()
  set_property(GLOBAL APPEND PROPERTY HARDEN_LAYERED ${arg_NAME})

  if(HARDEN_TESTS AND arg_TESTS)
    harden_unit_tests(NAME ${arg_NAME} SOURCES ${arg_TESTS} DEPENDS ${arg_NAME} ${arg_TEST_DEPENDS}
      LIBRARIES ${arg_TEST_LIBRARIES})
  endif()
endfunction()

function(harden_unit_tests)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "SOURCES;DEPENDS;LIBRARIES")
  set(target ${arg_NAME}_test)
  harden_folder_targets(depends ${arg_DEPENDS})
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE harden_options ${depends} harden_test_support
    fmt::fmt-header-only GTest::gtest GTest::gtest_main rapidcheck ${arg_LIBRARIES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/test)
  target_compile_definitions(${target} PRIVATE HARDEN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(${target} TEST_PREFIX ${arg_NAME}/ DISCOVERY_TIMEOUT 120
    PROPERTIES LABELS unit TIMEOUT 120 ENVIRONMENT "RC_PARAMS=${HARDEN_RC_PARAMS}")
endfunction()

# Whether `-static-pie` works here. A program that needs a library which has no static archive
# (libsystemd) goes without STATIC and gets a static libstdc++ only.
if(HARDEN_STATIC)
  set(CMAKE_REQUIRED_FLAGS -fPIE)
  set(CMAKE_REQUIRED_LINK_OPTIONS -static-pie)
  check_cxx_source_compiles("#include <string>\nint main() { return std::string(1, 'x').size() != 1; }"
    HARDEN_CAN_LINK_STATIC)
  unset(CMAKE_REQUIRED_FLAGS)
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
endif()

function(harden_program)
  cmake_parse_arguments(PARSE_ARGV 0 arg "STATIC" "NAME" "DEPENDS;SOURCES;LIBRARIES")
  harden_folder_targets(depends ${arg_DEPENDS})
  add_executable(${arg_NAME} ${arg_SOURCES})
  target_link_libraries(${arg_NAME} PRIVATE ${depends} harden_options fmt::fmt-header-only ${arg_LIBRARIES})
  target_include_directories(${arg_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  if(HARDEN_STATIC AND arg_STATIC AND HARDEN_CAN_LINK_STATIC)
    target_link_options(${arg_NAME} PRIVATE -static-pie)
  elseif(HARDEN_STATIC)
    target_link_options(${arg_NAME} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
endfunction()

function(harden_script_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "ONCE" "NAME;TIMEOUT" "COMMAND;LABELS;ENVIRONMENT")
  if(NOT HARDEN_TESTS OR (arg_ONCE AND HARDEN_SANITIZE))
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_test(NAME ${arg_NAME} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${arg_NAME} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT ${arg_TIMEOUT}
    LABELS "script;${arg_LABELS}"
    ENVIRONMENT "HARDEN_BUILD_DIR=${PROJECT_BINARY_DIR};HARDEN_SOURCE_DIR=${PROJECT_SOURCE_DIR};${arg_ENVIRONMENT}")
endfunction()

# A fuzzer defines LLVMFuzzerTestOneInput. The fuzz preset links libFuzzer; a build with tests links a
# main that replays test/fuzz/corpus/NAME, which ctest runs.
function(harden_fuzzer)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "DEPENDS;SOURCES;LIBRARIES")
  if(NOT HARDEN_FUZZ AND NOT HARDEN_TESTS)
    return()
  endif()
  set(target fuzz_${arg_NAME})
  harden_folder_targets(depends ${arg_DEPENDS})
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE ${depends} harden_options fmt::fmt-header-only ${arg_LIBRARIES})
  if(HARDEN_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/test/fuzz/replay_main.cc)
    harden_script_test(NAME fuzz/${arg_NAME} LABELS fuzz
      COMMAND ${target} ${PROJECT_SOURCE_DIR}/test/fuzz/corpus/${arg_NAME})
  endif()
endfunction()

function(harden_benchmark)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "DEPENDS;SOURCES;LIBRARIES")
  if(NOT HARDEN_BENCHMARKS)
    return()
  endif()
  harden_folder_targets(depends ${arg_DEPENDS})
  add_executable(bench_${arg_NAME} ${arg_SOURCES})
  target_include_directories(bench_${arg_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/test)
  target_link_libraries(bench_${arg_NAME} PRIVATE ${depends} harden_options fmt::fmt-header-only
    benchmark::benchmark benchmark::benchmark_main ${arg_LIBRARIES})
endfunction()

# build/…/layers.txt: "folder: what it links", as CMake has it, for test/layering.
function(harden_write_layers)
  get_property(layered GLOBAL PROPERTY HARDEN_LAYERED)
  set(text "")
  foreach(name IN LISTS layered)
    set(links)
    foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_target_property(value harden_${name} ${property})
      if(value)
        list(APPEND links ${value})
      endif()
    endforeach()
    list(FILTER links INCLUDE REGEX "^(\\$<LINK_ONLY:)?harden_")
    list(TRANSFORM links REPLACE "^(\\$<LINK_ONLY:)?harden_([a-z_]+)>?$" "\\2")
    list(REMOVE_ITEM links options)
    list(REMOVE_DUPLICATES links)
    list(JOIN links " " links)
    string(APPEND text "${name}: ${links}\n")
  endforeach()
  file(WRITE ${PROJECT_BINARY_DIR}/layers.txt "${text}")
endfunction()
