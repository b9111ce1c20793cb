// Writes OLD and NEW sessions of a small server with names embedded, as the golden reports show
// them: write_golden_sessions DIRECTORY. NEW is another build, whose code lies elsewhere, and which
// confines itself.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>

#include "analyzer/symbolize/symbol_table.h"
#include "tests/unit/support/session_builder.h"

namespace heapdrift::testing {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kStart = 0x400000;

void write_session(const std::string& path, const char* build_id, uint64_t shift, uint64_t scale) {
    SessionBuilder session;
    const uint32_t module = session.add_module("/usr/bin/server", build_id, kStart, kStart * 2);
    symbolize::SymbolTable symbols;
    const auto code = [&](uint64_t offset, model::Locations locations) {
        symbols.insert(module, offset + shift - 1, std::move(locations));
        return kStart + offset + shift;
    };
    const uint64_t new_operator =
        code(0x100, {{"operator new(unsigned long)", "new_op.cc", 50, false}});
    const uint64_t put =
        code(0x200, {{"grow", "src/cache.cc", 12, true},
                     {"app::cache_put(int, char const*)", "src/cache.cc", 42, false}});
    const uint64_t parse = code(0x300, {{"parse", "src/parse.cc", 7, false}});
    const uint64_t main = code(0x400, {{"main", "src/main.cc", 5, false}});
    const uint64_t bare = kStart + 0x900 + shift;

    const uint32_t cache = session.add_stack({new_operator, put, main});
    const uint32_t lines = session.add_stack({parse, main});
    const uint32_t unnamed = session.add_stack({bare}, Domain::heap, StackEnd::no_rule);
    const uint32_t mapped = session.add_stack({main}, Domain::mapping);

    session.allocate(0, cache, 1024, 90 * scale);
    session.allocate(0, lines, 100, 2000);
    session.deallocate(1, lines, 100, 1990, false);
    session.snapshot(SnapshotKind::scheduled, kSecond);
    session.allocate(1, lines, 100, 500);
    session.header().control.peak_live_bytes = 92160 * scale + 51000;
    session.header().control.peak_time_ns = 2 * kSecond;
    session.header().control.balance_slack_bytes = 4096;
    session.snapshot(SnapshotKind::peak, 2 * kSecond + 5'000'000);
    session.deallocate(1, lines, 100, 500, true);
    session.snapshot(SnapshotKind::requested, 3 * kSecond, "warm");
    session.allocate(0, cache, 1024, 10);
    session.allocate(0, unnamed, 64, 3);
    session.allocate(0, mapped, 1 << 20);
    session.add_thread(4711, "server", 0, 2103, 0);
    session.add_thread(4712, "worker", 1, 500, 50'000);

    Control& control = session.header().control;
    control.dropped[static_cast<size_t>(Drop::reentrant)] = 2;
    control.unknown_deallocations = 5;
    control.own_bytes = 300'000;
    if (shift != 0) {
        control.verified_same = 1990;
        control.verified_different = 1;
        control.verified_unknown = 9;
        control.verified_fast = 1985;
        control.confined = 1;
        std::strcpy(control.stop_reason, "the program confined itself with seccomp");
        control.recording_stopped = 1;
    }
    control.ended_by = EndedBy::exit;
    control.exit_status = 3;
    control.ended_ns = 12 * kSecond;
    session.embed_symbols(symbols.encode());
    session.write(path);
}

// As a recorder in sampled mode counts `times` recorded blocks of one size (core/README.md).
void count_samples(SessionBuilder& session, uint32_t site, uint64_t size, uint64_t times,
                   uint64_t deallocated) {
    const double interval = static_cast<double>(session.header().identity.sampling_interval_bytes);
    const double bytes = static_cast<double>(size);
    const double p = 1 - std::exp(-bytes / interval);
    const auto count = static_cast<uint64_t>(std::lround(kSampledCountUnit / p));
    const auto weight = static_cast<uint64_t>(std::lround(bytes / p));
    const auto variance =
        static_cast<uint64_t>(std::lround(bytes * bytes * (1 - p) / (p * p) / interval));
    Cell& cell = session.touch(0, site);
    cell.allocations += count * times;
    cell.allocated_bytes += weight * times;
    cell.deallocations += count * deallocated;
    cell.deallocated_bytes += weight * deallocated;
    cell.temporary += variance * times;
    cell.reallocations += variance * (times - deallocated);
}

void write_sampled_session(const std::string& path) {
    SessionBuilder session;
    session.header().identity.mode = Mode::sampled;
    session.header().identity.sampling_interval_bytes = 512 * 1024;
    session.add_module("/usr/bin/server", "aa11", kStart, kStart * 2);
    const uint32_t many = session.add_stack({kStart + 0x100, kStart + 0x300});
    const uint32_t few = session.add_stack({kStart + 0x200, kStart + 0x300});
    const uint32_t mapped = session.add_stack({kStart + 0x300}, Domain::mapping);
    count_samples(session, many, 100, 2000, 0);
    session.snapshot(SnapshotKind::requested, kSecond, "warm");
    count_samples(session, many, 100, 200, 0);
    count_samples(session, few, 3000, 5, 2);
    session.allocate(0, mapped, 1 << 20, kSampledCountUnit);
    session.cell(0, mapped).allocated_bytes = 1 << 20;
    session.header().control.ended_by = EndedBy::exit;
    session.header().control.ended_ns = 2 * kSecond;
    session.write(path);
}

// A server that keeps two blocks of each second for ever, beside a queue of bounded length.
void write_growing_session(const std::string& path) {
    constexpr uint64_t kSnapshots = 24;
    SessionBuilder session;
    const uint32_t module = session.add_module("/usr/bin/server", "aa11", kStart, kStart * 2);
    symbolize::SymbolTable symbols;
    symbols.insert(module, 0x100 - 1, {{"remember", "src/session.cc", 31, false}});
    symbols.insert(module, 0x200 - 1, {{"queue_push", "src/queue.cc", 12, false}});
    symbols.insert(module, 0x300 - 1, {{"main", "src/main.cc", 5, false}});
    const uint32_t remember = session.add_stack({kStart + 0x100, kStart + 0x300});
    const uint32_t queue = session.add_stack({kStart + 0x200, kStart + 0x300});
    for (uint64_t i = 1; i <= kSnapshots; ++i) {
        session.allocate(0, remember, 512, 2);
        session.allocate(0, queue, 64, 50);
        if (i > 1) session.deallocate(0, queue, 64, 50);
        session.snapshot(SnapshotKind::scheduled, i * kSecond);
    }
    Control& control = session.header().control;
    control.exit_began_ns = (kSnapshots + 1) * kSecond;
    control.exit_began_epoch = kSnapshots + 1;
    session.deallocate(0, remember, 512, 2 * kSnapshots);
    session.snapshot(SnapshotKind::scheduled, (kSnapshots + 2) * kSecond);
    control.ended_by = EndedBy::exit;
    control.ended_ns = (kSnapshots + 2) * kSecond;
    session.embed_symbols(symbols.encode());
    session.write(path);
}

// A program on two devices, one of which NVML told about, that ran out of memory and freed twice.
void write_gpu_session(const std::string& path) {
    SessionBuilder session;
    const uint32_t module = session.add_module("/usr/bin/train", "cc33", kStart, kStart * 2);
    symbolize::SymbolTable symbols;
    symbols.insert(module, 0x100 - 1, {{"load_weights", "src/weights.cc", 31, false}});
    symbols.insert(module, 0x200 - 1, {{"release_weights", "src/weights.cc", 58, false}});
    symbols.insert(module, 0x300 - 1, {{"main", "src/main.cc", 5, false}});
    const uint32_t weights =
        session.add_stack({kStart + 0x100, kStart + 0x300}, Domain::cuda_device);
    const uint32_t staging =
        session.add_stack({kStart + 0x100, kStart + 0x300}, Domain::cuda_pinned);
    const uint32_t shared = session.add_stack({kStart + 0x300}, Domain::cuda_imported);
    const uint32_t release =
        session.add_stack({kStart + 0x200, kStart + 0x300}, Domain::cuda_device);
    session.allocate(0, weights, 64 << 20, 6);
    session.deallocate(0, weights, 64 << 20, 1);
    session.allocate(0, staging, 1 << 20);
    session.allocate(0, shared, 1 << 21);
    const uint32_t tensors =
        session.add_stack({kStart + 0x200, kStart + 0x300}, Domain::cuda_tensor);
    session.allocate(0, tensors, 25 << 20, 6);
    const uint32_t then = session.snapshot(SnapshotKind::program, kSecond, "out of CUDA memory");

    CudaFigures& figures = session.header().cuda;
    figures.driver_seen = 1;
    figures.modules_through = 2;
    figures.modules_around = 1;
    figures.modules_checked = 1;
    figures.device_count = 2;
    figures.out_of_memory = 3;
    figures.failed_deallocations = 1;
    figures.unmapped_handles = 2;
    figures.unmapped_bytes = 4 << 20;
    for (int ordinal = 0; ordinal < 2; ++ordinal) {
        CudaDevice& device = figures.devices[ordinal];
        device.ordinal = ordinal;
        std::memset(device.uuid, 0xa0 + ordinal, sizeof device.uuid);
        device.state = kCudaDeviceNamed | kCudaDeviceHasUuid;
    }
    CudaDevice& first = figures.devices[0];
    CudaTensors& sums = figures.tensors[0];
    sums.allocated_bytes = 150 << 20;
    sums.reserved_bytes = 320 << 20;
    sums.said_ns = 2 * kSecond;
    sums.grown_allocated_bytes = 100 << 20;
    sums.grown_segment_bytes = 192 << 20;
    sums.grown_ns = kSecond / 2;
    figures.other_tensors = 7;
    first.live_bytes[cuda_index(Domain::cuda_device)] = 320 << 20;
    first.live_bytes[cuda_index(Domain::cuda_imported)] = 1 << 21;
    first.live_objects = 6;
    first.charged_bytes = 320 << 20;
    first.peak_charged_bytes = 384 << 20;
    first.peak_ns = kSecond / 2;
    first.pool_reserved_bytes = 32 << 20;
    first.reserved_ns = kSecond;
    first.process_bytes = uint64_t{900} << 20;
    first.device_used_bytes = uint64_t{5} << 30;
    first.device_total_bytes = uint64_t{16} << 30;
    first.asked_ns = 2 * kSecond;
    const auto add_event = [&](CudaEventKind kind, uint32_t site, int result, uint64_t bytes) {
        CudaEvent& event = session.add_cuda_event();
        event.kind = kind;
        event.device = 0;
        event.result = result;
        event.first_ns = kSecond;
        event.last_ns = 2 * kSecond;
        event.bytes = bytes;
        event.charged_bytes = 320 << 20;
        event.site = site;
        return &event;
    };
    CudaEvent* unmapped = add_event(CudaEventKind::unmapped_handles, weights, 0, 4 << 20);
    unmapped->count = 2;
    unmapped->last_ns = kSecond;
    CudaEvent* ran_out = add_event(CudaEventKind::out_of_memory, weights, 2, uint64_t{15} << 30);
    ran_out->count = 3;
    ran_out->snapshot = then;
    add_event(CudaEventKind::failed_deallocation, release, 1, 0)->count = 1;
    session.header().control.ended_by = EndedBy::exit;
    session.header().control.ended_ns = 3 * kSecond;
    session.embed_symbols(symbols.encode());
    session.write(path);
}

}  // namespace
}  // namespace heapdrift::testing

int main(int argc, char** argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]), 2;
    const std::string directory = argv[1];
    heapdrift::testing::write_session(directory + "/old.heapdrift", "aa11", 0, 1);
    heapdrift::testing::write_session(directory + "/new.heapdrift", "bb22", 0x5000, 2);
    heapdrift::testing::write_sampled_session(directory + "/sampled.heapdrift");
    heapdrift::testing::write_growing_session(directory + "/growing.heapdrift");
    heapdrift::testing::write_gpu_session(directory + "/gpu.heapdrift");
}
