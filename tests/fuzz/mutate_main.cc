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

#include "core/session_format.h"
#include "tests/fuzz/seeds.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;
using heapdrift::kPageSize;
using heapdrift::kSegmentSize;

// Text has numbers and separators where a session has records.
void mutate_text(Bytes& bytes, std::mt19937& random) {
    constexpr char kCharacters[] = "0123456789abfx :[]@-+*\nvsiatc";
    const auto below = [&](size_t limit) {
        return std::uniform_int_distribution<size_t>(0, limit - 1)(random);
    };
    const size_t changes = 1 + below(6);
    for (size_t i = 0; i < changes && !bytes.empty(); ++i) {
        const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size()));
        const auto character = static_cast<uint8_t>(
            below(4) == 0 ? random() : kCharacters[below(sizeof kCharacters - 1)]);
        switch (below(3)) {
            case 0:
                *at = character;
                break;
            case 1:
                bytes.insert(at, character);
                break;
            default:
                bytes.erase(at);
        }
    }
    if (below(8) == 0) bytes.resize(below(bytes.size() + 1));
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
    const std::vector<Bytes> seeds = heapdrift::testing::fuzz_seeds();
    std::mt19937 random(seed);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    size_t runs = 0;
    for (; std::chrono::steady_clock::now() < end; ++runs) {
        Bytes bytes = seeds[runs % seeds.size()];
        if (bytes.size() < kPageSize)
            mutate_text(bytes, random);
        else
            mutate(bytes, random);
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    }
    std::printf("%zu inputs\n", runs);
}
