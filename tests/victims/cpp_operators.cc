// operator new and delete in all their forms, whichever library brings them. Started with the
// argument "libstdc++", it also says that the operator is the innermost frame; with "aborting", it
// leaves out what fails, for an allocator that aborts where it should throw.
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "truth.h"

namespace {

struct alignas(64) Line {
    char bytes[128];
};

const char* plain_operator;
const char* array_operator;
const char* aligned_operator;

void* escape(void* pointer) {
    return keep(pointer);
}

}  // namespace

MARKER void new_10x40() {
    struct Forty {
        char bytes[40];
    };
    for (int i = 0; i < 10; ++i) escape(new Forty);
    expect_from("heap", plain_operator, "new_10x40", 10, 400, 0, 400);
}

MARKER void new_deleted_6x24() {
    struct TwentyFour {
        char bytes[24];
    };
    for (int i = 0; i < 6; ++i) delete static_cast<TwentyFour*>(escape(new TwentyFour));
    expect_from("heap", plain_operator, "new_deleted_6x24", 6, 144, 6, 0);
}

MARKER void new_array_3x300() {
    for (int i = 0; i < 3; ++i) escape(new char[300]);
    delete[] static_cast<char*>(escape(new char[300]));
    expect_from("heap", array_operator, "new_array_3x300", 4, 1200, 1, 900);
}

MARKER void new_aligned_4x128() {
    for (int i = 0; i < 4; ++i)
        REQUIRE(reinterpret_cast<uintptr_t>(escape(new Line)) % alignof(Line) == 0);
    delete static_cast<Line*>(escape(new Line));
    expect_from("heap", aligned_operator, "new_aligned_4x128", 5, 640, 1, 512);
}

MARKER void new_aligned_array_256() {
    delete[] static_cast<Line*>(escape(new Line[2]));
    escape(new Line[2]);
    expect_through("new_aligned_array_256", 2, 512, 1, 256);
}

MARKER void new_nothrow_2x50() {
    for (int i = 0; i < 2; ++i) REQUIRE(escape(new (std::nothrow) char[50]) != nullptr);
    operator delete(escape(operator new(50, std::nothrow)), std::nothrow);
    expect_through("new_nothrow_2x50", 3, 150, 1, 100);
}

MARKER void sized_delete_80() {
    operator delete (escape(operator new(80)), size_t{80});
    operator delete[](escape(operator new[](80)), size_t{80});
    expect_through("sized_delete_80", 2, 160, 2, 0);
}

MARKER void sized_aligned_delete_192() {
    constexpr std::align_val_t kAlignment{64};
    operator delete (escape(operator new(192, kAlignment)), size_t{192}, kAlignment);
    operator delete[](escape(operator new[](192, kAlignment)), size_t{192}, kAlignment);
    operator delete(escape(operator new(192, kAlignment, std::nothrow)), kAlignment, std::nothrow);
    expect_through("sized_aligned_delete_192", 3, 576, 3, 0);
}

MARKER void new_throws_bad_alloc() {
    int caught = 0;
    for (int i = 0; i < 3; ++i) {
        try {
            escape(operator new(hidden_size(PTRDIFF_MAX)));
        } catch (const std::bad_alloc&) {
            ++caught;
        }
    }
    REQUIRE(caught == 3);
    REQUIRE(escape(operator new(hidden_size(PTRDIFF_MAX), std::nothrow)) == nullptr);
}

MARKER void allocated_after_bad_alloc_100() {
    escape(operator new(100));
    expect_from("heap", plain_operator, "allocated_after_bad_alloc_100", 1, 100, 0, 100);
}

static int handler_calls;

MARKER void new_handler_runs() {
    std::set_new_handler([] {
        if (++handler_calls == 2) std::set_new_handler(nullptr);
    });
    try {
        escape(operator new(hidden_size(PTRDIFF_MAX)));
        REQUIRE(false);
    } catch (const std::bad_alloc&) {
        REQUIRE(handler_calls == 2);
    }
}

MARKER void vector_reserved_4000() {
    // Never destroyed: at exit it would be.
    static std::vector<int>& values = *new std::vector<int>;
    values.reserve(1000);
    escape(values.data());
    expect_through("vector_reserved_4000", 2, 4000 + sizeof values, 0, 4000 + sizeof values);
}

MARKER void string_of_99_freed() {
    std::string text(99, 'x');
    escape(text.data());
    expect_through("string_of_99_freed", 1, kSome, 1, 0);
}

MARKER void constructor_throws_32() {
    struct Thrower {
        char bytes[32];
        Thrower() { throw 1; }
    };
    try {
        escape(new Thrower);
        REQUIRE(false);
    } catch (int) {
    }
    // The block and the exception itself: both are gone.
    expect_through("constructor_throws_32", kSome, kSome, kSome, 0);
}

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "libstdc++") {
        plain_operator = "operator new(unsigned long)";
        array_operator = plain_operator;
        aligned_operator = "operator new(unsigned long, std::align_val_t)";
    }
    new_10x40();
    new_deleted_6x24();
    new_array_3x300();
    new_aligned_4x128();
    new_aligned_array_256();
    new_nothrow_2x50();
    sized_delete_80();
    sized_aligned_delete_192();
    if (argc <= 1 || std::string_view(argv[1]) != "aborting") {
        new_throws_bad_alloc();
        allocated_after_bad_alloc_100();
        new_handler_runs();
    }
    vector_reserved_4000();
    string_of_99_freed();
    constructor_throws_32();
    tell_truth();
    return 0;
}
