// libc10.so for tests: the host's allocator, and a profiler that counts what it is told.
#include "tests/cuda/torch/c10.h"

#include <cstdlib>

#include "tests/cuda/torch/torch.h"

namespace {

int reports;
int64_t reported_bytes;
bool profiling;

void report(int64_t size) {
    ++reports;
    reported_bytes += size;
}

}  // namespace

namespace c10 {

void reportMemoryUsageToProfiler(void*, int64_t size, size_t, size_t, Device) {
    report(size);
}
void reportMemoryUsageToProfiler(void*, int64_t size, int64_t, int64_t, Device) {
    report(size);
}

// Only while somebody profiles, as the real one does.
void ProfiledCPUMemoryReporter::New(void* tensor, size_t size) {
    if (profiling)
        reportMemoryUsageToProfiler(tensor, static_cast<int64_t>(size), size_t{0}, size_t{0},
                                    Device(DeviceType::CPU, -1));
}
void ProfiledCPUMemoryReporter::Delete(void* tensor) {
    if (profiling)
        reportMemoryUsageToProfiler(tensor, -1, size_t{0}, size_t{0}, Device(DeviceType::CPU, -1));
}

ProfiledCPUMemoryReporter& profiledCPUMemoryReporter() {
    static ProfiledCPUMemoryReporter reporter;
    return reporter;
}

}  // namespace c10

void* host_tensor(size_t size) {
    void* tensor = nullptr;
    if (posix_memalign(&tensor, 64, size) != 0) abort();
    c10::profiledCPUMemoryReporter().New(tensor, size);
    return tensor;
}
void free_host_tensor(void* tensor) {
    c10::profiledCPUMemoryReporter().Delete(tensor);
    free(tensor);
}

void set_profiling(int on) {
    profiling = on != 0;
}
int profiler_reports(void) {
    return reports;
}
long long profiler_bytes(void) {
    return reported_bytes;
}
