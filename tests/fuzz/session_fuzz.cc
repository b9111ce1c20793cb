// The file reader, and the look at a whole file that `heapdrift info` takes, on arbitrary bytes:
// whatever they are, no read outside them, no endless loop, no memory out of proportion. Entry
// point of libFuzzer and of mutate_main.cc.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "analyzer/input/aged_deallocations.h"
#include "analyzer/input/counters_at.h"
#include "analyzer/input/cuda_reader.h"
#include "analyzer/input/integrity.h"
#include "analyzer/input/scan_reader.h"
#include "analyzer/input/session_info.h"
#include "analyzer/input/stack_reader.h"
#include "analyzer/symbolize/symbol_table.h"
#include "core/session_view.h"
#include "tests/fuzz/seeds.h"
#include "tests/unit/support/session_builder.h"

namespace {

struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
};

}  // namespace

std::vector<std::vector<uint8_t>> heapdrift::testing::fuzz_seeds() {
    SessionBuilder session;
    session.add_module("/usr/bin/server", "aa11", 0x1000, 0x9000);
    for (uint64_t i = 0; i < 100; ++i) session.add_stack({0x1000 + i, 0x2000, 0x3000 + i});
    for (uint64_t i = 0; i < 2000; ++i) {
        session.allocate(i % 3 == 0 ? 1 : 0, static_cast<uint32_t>(1 + i % 100), i);
        if (i % 50 == 0) session.snapshot(SnapshotKind::scheduled, i);
    }
    session.add_thread(4711, "server", 0, 1, 1);
    symbolize::SymbolTable symbols;
    for (uint64_t i = 0; i < 100; ++i)
        symbols.insert(0, 0x2000 + i, {{"serve(int)", "/src/serve.cc", 7, i % 2 == 0}});
    session.embed_symbols(symbols.encode());
    session.header().control.ended_by = EndedBy::exit;
    session.header().control.ended_ns = 3000;
    const auto bytes = session.bytes();
    const auto* first = reinterpret_cast<const uint8_t*>(bytes.data());
    return {{first, first + bytes.size()}};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace heapdrift;
    // A copy of its own, aligned as a mapping is, whose end the sanitizer guards.
    void* memory = nullptr;
    if (posix_memalign(&memory, kPageSize, size + 1) != 0) return 0;
    const std::unique_ptr<std::byte, Free> copy(static_cast<std::byte*>(memory));
    if (size > 0) std::memcpy(copy.get(), data, size);
    const SessionView view(std::span<const std::byte>(copy.get(), size));
    if (view.error() != ViewError::none) return 0;
    input::LoadedSession loaded;
    model::Profile& profile = loaded.profile;
    profile.snapshots = input::read_snapshots(view.header());
    std::vector<uint32_t> points = {input::kCurrent};
    for (const model::SnapshotInfo& snapshot : profile.snapshots)
        if (points.size() < 4) points.push_back(snapshot.number);
    const auto counters = input::counters_at(view, points);
    profile.session = input::read_session_info(view, "fuzz", 0, 0);
    profile.losses = input::read_losses(view);
    profile.modules = input::read_modules(view);
    profile.threads = input::read_threads(view);
    profile.cuda = input::read_cuda(view);
    const auto scanned = input::read_last_scan(view);
    input::read_sites(view, counters.front(), counters.back(),
                      scanned ? std::span<const model::Reachability>(scanned->sites)
                              : std::span<const model::Reachability>(),
                      profile);
    for (const model::Site& site : profile.sites)
        for (const uint32_t address : profile.frames_of(site))
            if (model::address_text(profile, profile.addresses[address]).empty()) std::abort();
    for (const input::AgedCount& count : input::aged_deallocations(view))
        if (count.site >= view.site_limit() || count.born >= count.freed) std::abort();
    if (view.symbols().size() > view.segment_count()) std::abort();
    loaded.embedded_symbols = input::read_embedded_symbols(view);
    for (const model::Ending ending : {model::Ending::exit, model::Ending::running}) {
        profile.session.ending = ending;
        for (const model::Finding& damage : input::check_integrity(view, loaded).damages)
            if (damage.count == 0 || damage.text.empty()) std::abort();
    }
    return 0;
}
