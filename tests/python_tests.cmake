# add_python_tests(PREFIX NAMES): one test for each test method that the run.py of this folder lists,
# called PREFIX.METHOD; they run in parallel, and each is named when it fails. The variable NAMES
# receives the methods, for properties of their own.
function(add_python_tests prefix names_variable)
  set(runner ${CMAKE_CURRENT_SOURCE_DIR}/run.py)
  set(python /usr/bin/python3)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.py
       ${PROJECT_SOURCE_DIR}/tests/end_to_end/harness/*.py)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${sources})

  execute_process(COMMAND ${python} ${runner} --list OUTPUT_VARIABLE names
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" names "${names}")
  foreach(name ${names})
    add_test(NAME ${prefix}.${name}
             COMMAND ${python} ${runner} --build ${PROJECT_BINARY_DIR} ${name})
    set_tests_properties(${prefix}.${name} PROPERTIES SKIP_RETURN_CODE 77 LABELS ${prefix})
  endforeach()
  set(${names_variable} ${names} PARENT_SCOPE)
endfunction()
