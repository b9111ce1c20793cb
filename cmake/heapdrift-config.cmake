# find_package(heapdrift): the command, the header, and tests that fail for leaks.
#
#   heapdrift_add_leak_test(
#     NAME name
#     COMMAND target-or-program [argument…]
#     [BASELINE file]           default: that of heapdrift.toml
#     [SUPPRESSIONS file…]
#     [OPTIONS option…]         further ones of heapdrift check, such as --budget peak=200MiB
#     [WORKING_DIRECTORY folder])
#
# adds a CTest test that runs the command under `heapdrift check`: it fails when the command does,
# and with 23 for a new leak, 24 for a broken budget. Where the project's top folder has a
# heapdrift.toml, it counts.
#
# Sets HEAPDRIFT_EXECUTABLE and the target heapdrift::heapdrift, which has the include folder.
if(NOT HEAPDRIFT_EXECUTABLE)
  find_program(HEAPDRIFT_EXECUTABLE heapdrift
    HINTS ${CMAKE_CURRENT_LIST_DIR}/../../../bin ${CMAKE_CURRENT_LIST_DIR}/../../../../bin
          ${CMAKE_CURRENT_LIST_DIR}/../bin)
endif()
find_path(HEAPDRIFT_INCLUDE_DIR heapdrift.h
  HINTS ${CMAKE_CURRENT_LIST_DIR}/../../../include ${CMAKE_CURRENT_LIST_DIR}/../../../../include)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(heapdrift REQUIRED_VARS HEAPDRIFT_EXECUTABLE)

if(HEAPDRIFT_INCLUDE_DIR AND NOT TARGET heapdrift::heapdrift)
  add_library(heapdrift::heapdrift INTERFACE IMPORTED)
  target_include_directories(heapdrift::heapdrift INTERFACE ${HEAPDRIFT_INCLUDE_DIR})
endif()

function(heapdrift_add_leak_test)
  cmake_parse_arguments(PARSE_ARGV 0 leak "" "NAME;BASELINE;WORKING_DIRECTORY"
    "COMMAND;SUPPRESSIONS;OPTIONS")
  if(NOT leak_NAME OR NOT leak_COMMAND)
    message(FATAL_ERROR "heapdrift_add_leak_test: NAME and COMMAND are needed")
  endif()
  if(leak_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR
      "heapdrift_add_leak_test: what is meant by '${leak_UNPARSED_ARGUMENTS}'?")
  endif()
  set(options)
  if(EXISTS ${PROJECT_SOURCE_DIR}/heapdrift.toml)
    list(APPEND options --config ${PROJECT_SOURCE_DIR}/heapdrift.toml)
  endif()
  list(APPEND options --source-root ${PROJECT_SOURCE_DIR})
  if(leak_BASELINE)
    get_filename_component(baseline ${leak_BASELINE} ABSOLUTE)
    list(APPEND options --baseline ${baseline})
  endif()
  foreach(file ${leak_SUPPRESSIONS})
    get_filename_component(file ${file} ABSOLUTE)
    list(APPEND options --suppressions ${file})
  endforeach()
  list(POP_FRONT leak_COMMAND program)
  if(TARGET ${program})
    set(program $<TARGET_FILE:${program}>)
  endif()
  set(place)
  if(leak_WORKING_DIRECTORY)
    set(place WORKING_DIRECTORY ${leak_WORKING_DIRECTORY})
  endif()
  add_test(NAME ${leak_NAME}
    COMMAND ${HEAPDRIFT_EXECUTABLE} check ${options} ${leak_OPTIONS} -- ${program} ${leak_COMMAND}
    ${place})
  set_property(TEST ${leak_NAME} APPEND PROPERTY LABELS heapdrift)
endfunction()
