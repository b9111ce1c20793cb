// A C++ plugin for a C program: libstdc++ comes with it, in its local scope, while the preloaded
// library stands in the global one, before there is any operator new behind it.
#include <new>
#include <stdexcept>
#include <string>

#include "truth.h"

MARKER void cpp_plugin_7x33() {
    for (int i = 0; i < 7; ++i) keep(new char[33]);
    delete[] static_cast<char*>(keep(new char[33]));
}

MARKER void cpp_plugin_catches() {
    int caught = 0;
    try {
        keep(new char[hidden_size(PTRDIFF_MAX)]);
    } catch (const std::bad_alloc&) {
        ++caught;
    }
    try {
        throw std::runtime_error(std::string(200, 'x'));
    } catch (const std::exception& error) {
        caught += strlen(error.what()) == 200;
    }
    REQUIRE(caught == 2);
}

extern "C" void cpp_plugin_work() {
    cpp_plugin_7x33();
    cpp_plugin_catches();
}
