// cuGetProcAddress: names without their version, of which the newest that is not newer than asked
// for is given out.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/cuda/driver/driver.h"

using namespace fake;

namespace {

struct Version {
    const char* name;
    int since;
    const char* suffix;
};

// What has more than one version; everything else is found under its own name.
constexpr Version kVersions[] = {
    {"cuMemAlloc", 3020, "_v2"},
    {"cuMemAllocPitch", 3020, "_v2"},
    {"cuMemFree", 3020, "_v2"},
    {"cuMemAllocHost", 3020, "_v2"},
    {"cuMemGetInfo", 3020, "_v2"},
    {"cuMemGetAddressRange", 3020, "_v2"},
    {"cuMemHostRegister", 6050, "_v2"},
    {"cuCtxCreate", 3020, "_v2"},
    {"cuCtxDestroy", 4000, "_v2"},
    {"cuStreamDestroy", 4000, "_v2"},
    {"cuStreamBeginCapture", 10010, "_v2"},
    {"cuStreamGetCaptureInfo", 11030, "_v2"},
    {"cuDeviceGetUuid", 11040, "_v2"},
    {"cuDevicePrimaryCtxRelease", 11000, "_v2"},
    {"cuDevicePrimaryCtxReset", 11000, "_v2"},
    {"cuArrayCreate", 3020, "_v2"},
    {"cuArray3DCreate", 3020, "_v2"},
    {"cuIpcOpenMemHandle", 11000, "_v2"},
    {"cuGraphAddNode", 12030, "_v2"},
    {"cuGetProcAddress", 12000, "_v2"},
};

// This library, whatever it is called.
void* self() {
    static void* const handle = [] {
        Dl_info info{};
        dladdr(reinterpret_cast<void*>(&self), &info);
        return dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    }();
    return handle;
}

// For a runtime that wants more functions than there are.
Result not_supported() {
    constexpr Result kNotSupported = 801;
    return kNotSupported;
}

// The names that are asked for, one to a line, in the file FAKE_CUDA_LOG.
void log_request(const char* name, int version) {
    static const char* const path = std::getenv("FAKE_CUDA_LOG");
    if (path == nullptr) return;
    if (std::FILE* log = std::fopen(path, "a")) {
        std::fprintf(log, "%s %d\n", name, version);
        std::fclose(log);
    }
}

Result look_up(const char* name, void** function, int version, uint64_t flags) {
    log_request(name, version);
    if (*name == '\0') {
        *function = nullptr;
        return kNotFound;
    }
    std::string symbol = name;
    for (const Version& each : kVersions)
        if (symbol == each.name && version >= each.since) {
            symbol += each.suffix;
            break;
        }
    *function = nullptr;
    if ((flags & 2) != 0) *function = dlsym(self(), (symbol + "_ptsz").c_str());
    if (*function == nullptr) *function = dlsym(self(), symbol.c_str());
    if (*function == nullptr && std::getenv("FAKE_CUDA_STUBS") != nullptr)
        *function = reinterpret_cast<void*>(&not_supported);
    return *function == nullptr ? kNotFound : kSuccess;
}

}  // namespace

FAKE_EXPORT Result cuGetProcAddress(const char* name, void** function, int version,
                                    uint64_t flags) {
    return look_up(name, function, version, flags);
}
FAKE_EXPORT Result cuGetProcAddress_v2(const char* name, void** function, int version,
                                       uint64_t flags, int* status) {
    const Result result = look_up(name, function, version, flags);
    if (status != nullptr) *status = result == kSuccess ? 0 : 1;
    return result;
}
