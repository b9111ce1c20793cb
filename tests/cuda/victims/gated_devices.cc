// What the gate must tell apart in CUDA memory: gated_devices WHAT [COUNT]
//
//   loses      loses the pointer to each allocation
//   collects   keeps them all in a vector, which grows for as long as the program runs
//   frees      frees each
//   pools      allocates and frees in the order of a stream
//   keeps      keeps COUNT for its whole life, and works
//   hands_over keeps COUNT whose pointers the device alone has
#include <time.h>

#include <vector>

#include "tests/cuda/runtime/runtime.h"
#include "tests/victims/truth.h"

namespace {

constexpr size_t kSize = 64 * 1024;

std::vector<void*> collected;

void* allocate() {
    void* pointer = nullptr;
    REQUIRE(cudaMalloc(&pointer, kSize) == 0);
    return pointer;
}
void rest() {
    const timespec time = {0, 1'000'000};
    nanosleep(&time, nullptr);
}

}  // namespace

MARKER void loses() {
    allocate();
}
MARKER void collects() {
    collected.push_back(allocate());
}
MARKER void frees() {
    REQUIRE(cudaFree(allocate()) == 0);
}
MARKER void pools() {
    void* pointer = nullptr;
    REQUIRE(cudaMallocAsync(&pointer, kSize, nullptr) == 0 && cudaFreeAsync(pointer, nullptr) == 0);
}
MARKER void keeps() {
    collected.push_back(allocate());
}
MARKER void hands_over() {
    allocate();
}

int main(int argc, char** argv) {
    REQUIRE(argc == 3);
    const char* what = argv[1];
    const int count = atoi(argv[2]);
    const auto is = [&](const char* name) { return strcmp(what, name) == 0; };
    for (int i = 0; i < count; ++i) {
        if (is("loses")) loses();
        if (is("frees")) frees();
        if (is("pools")) pools();
        if (is("keeps")) keeps();
        if (is("hands_over")) hands_over();
        if (is("collects")) {
            collects();
            frees();
            rest();
        }
    }
    if (is("keeps"))
        for (int i = 0; i < 500; ++i) {
            frees();
            rest();
        }
    return 0;
}
