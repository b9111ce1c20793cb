// Drives the fuzz target without libFuzzer: mutates seeds for a bounded time.
// usage: session_fuzz [--seconds N] [--seed N] [FILE…]; files are run once as they are.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/support/session_builder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;
using heapdrift::kPageSize;
using heapdrift::kSegmentSize;

Bytes make_seed() {
    using namespace heapdrift;
    testing::SessionBuilder session;
    session.add_module("/usr/bin/server", "aa11", 0x1000, 0x9000);
    for (uint64_t i = 0; i < 100; ++i) session.add_stack({0x1000 + i, 0x2000, 0x3000 + i});
    for (uint64_t i = 0; i < 2000; ++i) {
        session.allocate(i % 3 == 0 ? 1 : 0, static_cast<uint32_t>(1 + i % 100), i);
        if (i % 50 == 0) session.snapshot(SnapshotKind::scheduled, i);
    }
    session.add_thread(4711, "server", 0, 1, 1);
    const std::vector<std::byte> symbols(100);
    session.embed_symbols(symbols);
    const auto bytes = session.bytes();
    const auto* first = reinterpret_cast<const uint8_t*>(bytes.data());
    return Bytes(first, first + bytes.size());
}

// Mostly small changes, where counts and ids stand: at the heads of pages and records.
void mutate(Bytes& bytes, std::mt19937& random) {
    const auto below = [&](size_t limit) {
        return std::uniform_int_distribution<size_t>(0, limit - 1)(random);
    };
    const size_t changes = 1 + below(12);
    for (size_t i = 0; i < changes && !bytes.empty(); ++i) {
        size_t at = below(bytes.size());
        if (below(2) == 0) at = at / kPageSize * kPageSize + below(256);
        if (below(4) == 0) at = at / kSegmentSize * kSegmentSize + below(64);
        if (at + 8 > bytes.size()) continue;
        constexpr uint64_t kValues[] = {0, 1, 2, 5, 99, 0x7fffffff, 0xffffffff, ~uint64_t{0}};
        const uint64_t value = below(3) == 0 ? uint64_t{random()} : kValues[below(8)];
        std::memcpy(&bytes[at], &value, below(2) == 0 ? 4 : 8);
    }
    if (below(8) == 0) bytes.resize(below(bytes.size() + 1));
}

int run_file(const char* path) {
    std::ifstream in(path, std::ios::binary);
    const Bytes bytes{std::istreambuf_iterator<char>(in), {}};
    return LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
    int seconds = 5;
    unsigned seed = 1;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--seconds" && i + 1 < argc)
            seconds = std::stoi(argv[++i]);
        else if (argument == "--seed" && i + 1 < argc)
            seed = static_cast<unsigned>(std::stoul(argv[++i]));
        else
            run_file(argv[i]);
    }
    const Bytes original = make_seed();
    std::mt19937 random(seed);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    size_t runs = 0;
    for (; std::chrono::steady_clock::now() < end; ++runs) {
        Bytes bytes = original;
        mutate(bytes, random);
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    }
    std::printf("%zu inputs\n", runs);
}
