// What heapdrift suggest speaks of in CUDA memory, and beside each what it must not:
// gpu_suggestible KIND does one of them for kRounds rounds of a clock.
#include <time.h>

#include "tests/cuda/victims/cuda_driver.h"
#include "tests/cuda/victims/torch_functions.h"

enum { kRounds = 40, kRoundMs = 20, kMiB = 1 << 20, kPiece = 2 * kMiB };

static CUdeviceptr addresses;

// The marker calls the driver itself, so each has its own copy of this.
#define CREATE(handle)                                                                          \
    const MemoryProperties properties = {.kind = 1, .location_kind = kOnDevice, .location = 0}; \
    CUmemHandle handle;                                                                         \
    REQUIRE(cuMemCreate(&handle, kPiece, &properties, 0) == kSuccess)

static CUdeviceptr map_at(int place, CUmemHandle handle) {
    const CUdeviceptr at = addresses + (CUdeviceptr)place * kPiece;
    REQUIRE(cuMemMap(at, kPiece, 0, handle, 0) == kSuccess);
    return at;
}

MARKER void never_maps(int round) {
    if (round >= 5) return;
    CREATE(handle);
}

MARKER void maps_at_once(int round) {
    if (round >= 5) return;
    CREATE(handle);
    map_at(round, handle);
}

MARKER void never_unmaps(int round) {
    CREATE(handle);
    map_at(round, handle);
    REQUIRE(cuMemRelease(handle) == kSuccess);
}

// Releases at once, too, and unmaps when the next one is mapped.
MARKER void unmaps_in_time(int round) {
    CREATE(handle);
    map_at(round, handle);
    REQUIRE(cuMemRelease(handle) == kSuccess);
    if (round >= 4) {
        const CUdeviceptr before = addresses + (CUdeviceptr)(round - 4) * kPiece;
        REQUIRE(cuMemUnmap(before, kPiece) == kSuccess);
    }
}

#define OPEN(pointer, number)                 \
    IpcHandle shared;                         \
    memset(&shared, (number), sizeof shared); \
    CUdeviceptr pointer;                      \
    REQUIRE(cuIpcOpenMemHandle_v2(&pointer, shared, 1) == kSuccess)

MARKER void never_closes(int round) {
    OPEN(pointer, 1 + round);
}

MARKER void closes(int round) {
    OPEN(pointer, 1 + round);
    REQUIRE(cuIpcCloseMemHandle(pointer) == kSuccess);
}

// As collective libraries do at their start.
MARKER void opens_peers_once(int round) {
    if (round != 0) return;
    for (int peer = 1; peer <= 8; ++peer) {
        OPEN(pointer, peer);
    }
}

MARKER void rounds_pinned(int round) {
    if (round < 2) REQUIRE(torch.pinned_tensor(20400 * 1000) != NULL);
}

MARKER void pins_exactly(int round) {
    void* pointer;
    if (round < 2) REQUIRE(cuMemHostAlloc(&pointer, 20400 * 1000, 0) == kSuccess);
}

static void use_pool(size_t size) {
    CUdeviceptr pointer;
    REQUIRE(cuMemAllocAsync(&pointer, size, NULL) == kSuccess);
    REQUIRE(cuMemFreeAsync(pointer, NULL) == kSuccess);
}

MARKER void pool_is_idle(int round) {
    if (round == 0) use_pool(512 * (size_t)kMiB);
    use_pool(kMiB);
}

MARKER void pool_is_used(int round) {
    static CUdeviceptr kept;
    if (round == 0) REQUIRE(cuMemAllocAsync(&kept, 400 * (size_t)kMiB, NULL) == kSuccess);
    use_pool(kMiB);
}

MARKER void cache_is_idle(int round) {
    if (round == 0) torch.free_cuda_tensor(torch.cuda_tensor(512 * (size_t)kMiB, 0));
    torch.free_cuda_tensor(torch.cuda_tensor(kMiB, 0));
}

// As much, and kept until the end; then the program frees it, as Python does.
MARKER void cache_is_used(int round) {
    static void* kept;
    if (round == 0) kept = torch.cuda_tensor(512 * (size_t)kMiB, 0);
    if (round == kRounds - 1) torch.free_cuda_tensor(kept);
}

enum { kTensors = 64 };
static void* tensors[kTensors];

static void fill_segments(void) {
    for (int i = 0; i < kTensors; ++i) tensors[i] = torch.cuda_tensor(5 * kMiB, 0);
}

// Every second one is freed, and what comes then is larger.
MARKER void segments_in_pieces(int round) {
    if (round == 0) fill_segments();
    if (round == 1)
        for (int i = 0; i < kTensors; i += 2) torch.free_cuda_tensor(tensors[i]);
    if (round == 2) torch.cuda_tensor(6 * kMiB, 0);
}

// The same, but in sizes that fit.
MARKER void segments_used_again(int round) {
    if (round == 0) fill_segments();
    if (round == 1)
        for (int i = 0; i < kTensors; i += 2) torch.free_cuda_tensor(tensors[i]);
    if (round == 2)
        for (int i = 0; i < kTensors / 2 + 1; ++i) torch.cuda_tensor(5 * kMiB, 0);
}

MARKER void leaks_tensors(int round) {
    (void)round;
    for (int i = 0; i < 4; ++i) torch.cuda_tensor(1000, 0);
}

// Each needs a segment of its own.
MARKER void leaks_large_tensors(int round) {
    (void)round;
    torch.cuda_tensor(30 * (size_t)kMiB, 0);
}

MARKER void passes_tensors(int round) {
    (void)round;
    for (int i = 0; i < 4; ++i) torch.free_cuda_tensor(torch.cuda_tensor(1000, 0));
}

static const struct {
    const char* name;
    void (*work)(int round);
} kKinds[] = {
#define KIND(name) \
    { #name, name }
    KIND(never_maps),       KIND(maps_at_once),       KIND(never_unmaps),
    KIND(unmaps_in_time),   KIND(never_closes),       KIND(closes),
    KIND(opens_peers_once), KIND(rounds_pinned),      KIND(pins_exactly),
    KIND(pool_is_idle),     KIND(pool_is_used),       KIND(cache_is_idle),
    KIND(cache_is_used),    KIND(segments_in_pieces), KIND(segments_used_again),
    KIND(leaks_tensors),    KIND(passes_tensors),     KIND(leaks_large_tensors),
#undef KIND
};

int main(int argc, char** argv) {
    REQUIRE(argc >= 2);
    CUcontext context;
    REQUIRE(cuInit(0) == kSuccess && cuDevicePrimaryCtxRetain(&context, 0) == kSuccess &&
            cuCtxSetCurrent(context) == kSuccess);
    REQUIRE(cuMemAddressReserve(&addresses, (size_t)kRounds * kPiece, 0, 0, 0) == kSuccess);
    load_torch();
    for (int round = 0; round < kRounds; ++round) {
        for (int kind = 1; kind < argc; ++kind) {
            size_t at = 0;
            while (strcmp(kKinds[at].name, argv[kind]) != 0)
                REQUIRE(++at < sizeof kKinds / sizeof *kKinds);
            kKinds[at].work(round);
        }
        // The recorder looks at the clock when memory is allocated.
        for (int i = 0; i < 500; ++i) free(keep(malloc(64)));
        const struct timespec pause = {0, kRoundMs * 1000000};
        nanosleep(&pause, NULL);
    }
    return 0;
}
