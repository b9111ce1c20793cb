// With a runtime of its own, hidden in it.
#include "tests/cuda/runtime/runtime.h"

int allocate_past_everyone(void) {
    void* pointer;
    return cudaMalloc(&pointer, 1000);
}
