# SPDX-License-Identifier: LGPL-2.1-or-later
# harden_options: warnings, sanitizers and hardening flags, linked by everything we compile.
add_library(harden_options INTERFACE)

# The link takes Debian's default, -pie; said aloud it would undo -static-pie.
target_compile_options(harden_options INTERFACE -fPIE)

target_compile_options(harden_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wold-style-cast -Wcast-align -Wcast-qual -Wformat=2 -Wimplicit-fallthrough
  -Wundef -Wunused -Wextra-semi -Wvla)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(harden_options INTERFACE
    -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wsuggest-override
    # GCC 12 takes "literal" + std::string for an overlapping copy (GCC bug 105651).
    -Wno-restrict)
endif()
# Only with the compilers that we run: the warnings of a newer one shall not stop anybody's build.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12 sorts stably by a function that C++17 deprecated.
  target_compile_options(harden_options INTERFACE -Wno-deprecated-declarations)
endif()
if(HARDEN_WERROR AND ((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    OR (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 20)))
  target_compile_options(harden_options INTERFACE -Werror)
endif()

if(HARDEN_SANITIZE)
  target_compile_options(harden_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(harden_options INTERFACE -fsanitize=address,undefined)
  target_compile_definitions(harden_options INTERFACE _GLIBCXX_ASSERTIONS)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The instrumentation hides initialisations from the flow analysis; the release build keeps it.
    target_compile_options(harden_options INTERFACE -Wno-maybe-uninitialized)
  endif()
else()
  target_compile_options(harden_options INTERFACE -fstack-protector-strong
    $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2> -ffunction-sections -fdata-sections)
  target_link_options(harden_options INTERFACE -Wl,--gc-sections -Wl,-z,relro,-z,now)
endif()
if(HARDEN_FUZZ)
  target_compile_options(harden_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
