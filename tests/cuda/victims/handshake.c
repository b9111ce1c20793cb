// The real runtime on the driver for tests. The driver has none of the tables by which the runtime
// makes sure that the driver is NVIDIA's, so every call ends in an error, which is as it should be:
// by then the runtime has asked for all the driver's functions.
#include <stdio.h>

int cudaMalloc(void** pointer, size_t size);

int main(void) {
    void* pointer;
    printf("cudaMalloc returned %d\n", cudaMalloc(&pointer, 1000));
    return 0;
}
