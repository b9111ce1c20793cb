// The readers of other tools' recordings on arbitrary bytes. Entry point of libFuzzer and of
// mutate_main.cc.
#include <zstd.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "analyzer/input/foreign/heap_text_reader.h"
#include "analyzer/input/foreign/heaptrack_reader.h"
#include "analyzer/input/foreign/pprof_reader.h"
#include "analyzer/model/failure.h"
#include "tests/fuzz/seeds.h"
#include "tests/unit/support/pprof_builder.h"

namespace {

constexpr std::string_view kGperftools =
    "heap profile:     90:    92160 [   100:   102400] @ heap_v2/524288\n"
    "    90:    92160 [   100:   102400] @ 0x401144 0x401164 0x7f0000000100\n"
    "     1:        8 [     1:        8] @ 0x401145\n"
    "\nMAPPED_LIBRARIES:\n"
    "00400000-00401000 r--p 00000000 00:00 1 /bin/server\n"
    "00401000-00405000 r-xp 00001000 00:00 1 /bin/server\n"
    "7f0000000000-7f0000005000 r-xp 00002000 00:00 1 /lib/libjemalloc.so.2\n";
constexpr std::string_view kJemalloc =
    "heap_v2/524288\n  t*: 3: 300 [0: 0]\n  t0: 3: 300 [0: 0]\n"
    "@ 0x7f0000000100 0x401144 0x401164\n  t*: 3: 300 [4: 400]\n  t0: 3: 300 [4: 400]\n"
    "@ 0x401145\n  t*: 1: 8 [1: 8]\n"
    "\nMAPPED_LIBRARIES:\n00401000-00405000 r-xp 00001000 00:00 1 /bin/server\n";
constexpr std::string_view kHeaptrack =
    "v 10400 3\nX ./server --port 80\nI 1000 5e2990\n"
    "s 8 ./server\ns 4 main\ns 9 cache_put\ns 6 a b.cc\n"
    "i 1143 1 3 4 2a 2 4 7\nt 1 0\ni 1163 1\nt 2 0\nt 1 2\n"
    "a 10 3\na 100 1\nc 1\n+ 0\n+ 1\nc 2\n- 1\n+ 0\nc a\nR 3d3\n# strings: 4\n";

template <typename Read>
void try_to_read(Read read) {
    using namespace heapdrift;
    try {
        const model::Profile profile = read();
        if (profile.locations.size() > profile.addresses.size()) __builtin_trap();
        for (const model::Site& site : profile.sites)
            for (const uint32_t address : profile.frames_of(site))
                if (model::address_text(profile, profile.addresses[address]).empty())
                    __builtin_trap();
    } catch (const Failure&) {
        // What it is for.
    }
}

}  // namespace

std::vector<std::vector<uint8_t>> heapdrift::testing::fuzz_seeds() {
    std::vector<std::vector<uint8_t>> seeds;
    for (const std::string_view text : {kGperftools, kJemalloc, kHeaptrack})
        seeds.emplace_back(text.begin(), text.end());
    std::vector<uint8_t> packed(ZSTD_compressBound(kHeaptrack.size()));
    packed.resize(
        ZSTD_compress(packed.data(), packed.size(), kHeaptrack.data(), kHeaptrack.size(), 3));
    seeds.push_back(packed);
    const std::string profile = PprofBuilder().bytes();
    seeds.emplace_back(profile.begin(), profile.end());
    return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace heapdrift;
    const auto bytes = std::as_bytes(std::span(data, size));
    const input::IdentifyModule nothing = [](model::Module&,
                                             const std::vector<input::MappedCode>&) {};
    try_to_read([&] {
        input::TextLines lines(bytes, "fuzz");
        return input::read_heap_text(lines, nothing);
    });
    try_to_read([&] {
        input::TextLines lines(bytes, "fuzz");
        return input::read_heaptrack(lines);
    });
    try_to_read([&] { return input::read_pprof(bytes, "fuzz", nothing); });
    return 0;
}
