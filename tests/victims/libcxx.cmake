# A victim over libc++, whose operator new is not libstdc++'s. Debian's packages of libc++ cannot be
# installed beside libunwind-dev, so they are unpacked into the build folder. Without clang, apt or
# a network the victim is not built, and its test is skipped by name.
set(libcxx_root ${CMAKE_CURRENT_BINARY_DIR}/libcxx)
find_program(CLANGXX clang++)
find_program(APT_GET apt-get)
find_program(DPKG_DEB dpkg-deb)
if(NOT EXISTS ${libcxx_root}/complete AND NOT EXISTS ${libcxx_root}/tried
   AND CLANGXX AND APT_GET AND DPKG_DEB)
  file(MAKE_DIRECTORY ${libcxx_root})
  file(TOUCH ${libcxx_root}/tried)
  execute_process(
    COMMAND timeout 60 ${APT_GET} download libc++-14-dev libc++abi-14-dev libc++1-14 libc++abi1-14
            libunwind-14
    WORKING_DIRECTORY ${libcxx_root} RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
  if(result EQUAL 0)
    file(GLOB packages ${libcxx_root}/*.deb)
    foreach(package ${packages})
      execute_process(COMMAND ${DPKG_DEB} -x ${package} ${libcxx_root} COMMAND_ERROR_IS_FATAL ANY)
    endforeach()
    file(TOUCH ${libcxx_root}/complete)
  endif()
endif()

if(EXISTS ${libcxx_root}/complete AND CLANGXX)
  set(libcxx_libraries ${libcxx_root}/usr/lib/llvm-14/lib)
  add_custom_command(
    OUTPUT ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/cpp_operators_libcxx
    COMMAND ${CLANGXX} -std=c++20 -nostdinc++ -isystem ${libcxx_root}/usr/lib/llvm-14/include/c++/v1
            -D_GNU_SOURCE -O1 -g -fno-builtin -fno-optimize-sibling-calls -fsized-deallocation
            ${CMAKE_CURRENT_SOURCE_DIR}/cpp_operators.cc
            -o ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/cpp_operators_libcxx
            -nostdlib++ -L${libcxx_libraries} -Wl,-rpath,${libcxx_libraries}
            -lc++ -lc++abi
    DEPENDS cpp_operators.cc truth.h VERBATIM)
  add_custom_target(victim_cpp_operators_libcxx ALL
    DEPENDS ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/cpp_operators_libcxx)
endif()
