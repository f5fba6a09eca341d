# What every target of ours is compiled with. Link it PRIVATE.
add_library(project_warnings INTERFACE)
target_compile_options(project_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wcast-qual -Woverloaded-virtual -Wnull-dereference -Wduplicated-cond -Wlogical-op
  $<$<BOOL:${TELLTALE_WERROR}>:-Werror>)
if(TELLTALE_SANITIZE)
  # With -fsanitize g++ 12 sees uninitialised values and null pointers inside the standard library, where there are none.
  target_compile_options(project_warnings INTERFACE -Wno-maybe-uninitialized -Wno-null-dereference)
endif()
if(TELLTALE_SANITIZE MATCHES thread)
  # Asio has a fence that ThreadSanitizer does not model; it says so at compile time.
  target_compile_options(project_warnings INTERFACE -Wno-tsan)
endif()

# Includes are written from the root of the tree: "store/log.hpp".
add_library(project_options INTERFACE)
target_include_directories(project_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_features(project_options INTERFACE cxx_std_20)
if(TELLTALE_SANITIZE)
  target_compile_options(project_options INTERFACE -fsanitize=${TELLTALE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(project_options INTERFACE -fsanitize=${TELLTALE_SANITIZE})
endif()

# telltale_inlines_library(sources...): these include Asio, Beast or CLI11. Once g++ 12 has inlined their headers it sees
# null dereferences inside them, where there are none (e.g. boost 1.81, asio/io_context.hpp:994).
function(telltale_inlines_library)
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS -Wno-null-dereference)
endfunction()

# telltale_room(name sources...): one library target per room.
function(telltale_room name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PUBLIC project_options PRIVATE project_warnings)
endfunction()

# telltale_test(name LABELS unit;property SOURCES ... LIBS ...): one Catch2 program, one ctest per program. The label
# one_thread says that it starts no thread: ThreadSanitizer has nothing to look for.
function(telltale_test name)
  cmake_parse_arguments(T "" "" "LABELS;SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  target_link_libraries(${name} PRIVATE ${T_LIBS} test_support project_options project_warnings)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${T_LABELS}" TIMEOUT 600)
endfunction()
