// libnvidia-ml.so.1 for tests: each device has 16 GiB, of which 5 are used: 700 MiB by each child
// of the caller, and 3 GiB by process 1. With FAKE_NVML_STRANGERS it tells nothing of the children.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    unsigned long long total, free, used;
} Memory;
typedef struct {
    unsigned pid;
    unsigned long long used;
    unsigned gpu_instance, compute_instance;
} Process;

enum { kSuccess = 0, kNotFound = 6 };

int nvmlInit_v2(void) {
    return kSuccess;
}
int nvmlShutdown(void) {
    return kSuccess;
}
int nvmlDeviceGetHandleByUUID(const char* uuid, void** device) {
    static char one;
    *device = &one;
    return strncmp(uuid, "GPU-a", 5) == 0 ? kSuccess : kNotFound;
}
int nvmlDeviceGetMemoryInfo(void* device, Memory* memory) {
    (void)device;
    memory->total = 16ull << 30;
    memory->used = 5ull << 30;
    memory->free = memory->total - memory->used;
    return kSuccess;
}

// Process 1 comes first: whoever takes the first one takes a stranger.
int nvmlDeviceGetComputeRunningProcesses_v3(void* device, unsigned* count, Process* processes) {
    (void)device;
    unsigned found = 0;
    processes[found++] = (Process){1, 3ull << 30, 0, 0};
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE* children = getenv("FAKE_NVML_STRANGERS") == NULL ? fopen(path, "r") : NULL;
    for (unsigned pid; children != NULL && found < *count && fscanf(children, "%u", &pid) == 1;)
        processes[found++] = (Process){pid, 700ull << 20, 0, 0};
    if (children != NULL) fclose(children);
    *count = found;
    return kSuccess;
}
