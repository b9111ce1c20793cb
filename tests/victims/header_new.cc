// Uses the operator new of header_new_library.cc: one block of malloc for each, counted once.
#include <new>

#include "truth.h"

namespace {

struct FortyEight {
    char bytes[48];
};

}  // namespace

MARKER void header_new_9x48() {
    for (int i = 0; i < 9; ++i) keep(new FortyEight);
    delete static_cast<FortyEight*>(keep(new FortyEight));
    expect_through("header_new_9x48", 10, kAny, 1, kAny);
}

MARKER void header_new_all_deleted() {
    FortyEight* blocks[200];
    for (auto& block : blocks) block = static_cast<FortyEight*>(keep(new FortyEight));
    for (auto* block : blocks) delete block;
    expect_through("header_new_all_deleted", 200, kAny, 200, 0);
}

MARKER void header_new_arrays_and_nothrow() {
    for (int i = 0; i < 20; ++i) {
        char* array = static_cast<char*>(keep(new char[100]));
        char* other = static_cast<char*>(keep(new (std::nothrow) char[300]));
        REQUIRE(other != nullptr);
        delete[] array;
        delete[] other;
    }
    expect_through("header_new_arrays_and_nothrow", 40, kAny, 40, 0);
}

int main() {
    header_new_9x48();
    header_new_all_deleted();
    header_new_arrays_and_nothrow();
    tell_truth();
    return 0;
}
