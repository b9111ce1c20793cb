#include "preload/path_hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace heapdrift {
namespace {

PathHasher seeded_hasher() {
    PathHasher hasher;
    hasher.seed();
    return hasher;
}

PathHash hash_of(const PathHasher& hasher, const std::vector<uint64_t>& addresses,
                 FrameKind kind = FrameKind::native) {
    PathHash hash = hasher.of_root(Domain::heap, kNoScope, StackEnd::complete);
    for (const uint64_t address : addresses) hash = hasher.of_child(hash, address, kind);
    return hash;
}

TEST(PathHash, TellsFramesTheirOrderKindAndRoot) {
    const PathHasher hasher = seeded_hasher();
    const PathHash hash = hash_of(hasher, {1, 2, 3});
    EXPECT_EQ(hash, hash_of(hasher, {1, 2, 3}));
    EXPECT_NE(hash, hash_of(hasher, {2, 1, 3}));
    EXPECT_NE(hash, hash_of(hasher, {1, 2}));
    EXPECT_NE(hash, hash_of(hasher, {1, 2, 3}, FrameKind::interrupted));
    std::vector<uint64_t> places;
    for (const Domain domain : {Domain::heap, Domain::mapping})
        for (const Scope scope : {kNoScope, Scope{1}, kIgnoredScope})
            for (const StackEnd end : {StackEnd::complete, StackEnd::no_rule})
                places.push_back(hasher.of_root(domain, scope, end).place);
    std::sort(places.begin(), places.end());
    EXPECT_EQ(std::unique(places.begin(), places.end()), places.end());
}

TEST(PathHash, EachProcessHasFactorsOfItsOwn) {
    PathHasher first;
    PathHasher second;
    first.seed();
    second.seed();
    EXPECT_NE(hash_of(first, {1, 2, 3}), hash_of(second, {1, 2, 3}));
}

// How many pairs of equal values there are.
uint64_t count_collisions(std::vector<uint32_t> values) {
    std::sort(values.begin(), values.end());
    uint64_t pairs = 0;
    for (size_t begin = 0; begin < values.size();) {
        size_t end = begin;
        while (end < values.size() && values[end] == values[begin]) ++end;
        pairs += (end - begin) * (end - begin - 1) / 2;
        begin = end;
    }
    return pairs;
}

// Of 2^20 stacks in the least different addresses that programs have, 32 bits agree as often as
// those of random numbers: 128 pairs, whose standard deviation is 11. All 96 bits are too many to
// see them agree, but each part of them is among these.
TEST(PathHash, AnyPartOfItIsAsRandom) {
    constexpr uint64_t kDigit = 1 << 4;
    for (const uint64_t step : {uint64_t{1}, uint64_t{16}, uint64_t{4096}, uint64_t{1} << 24}) {
        std::vector<PathHash> hashes;
        const PathHasher hasher = seeded_hasher();
        for (uint64_t i = 0; i < uint64_t{1} << 20; ++i) {
            std::vector<uint64_t> addresses;
            for (uint64_t digits = i, frame = 0; frame < 5; ++frame, digits /= kDigit)
                addresses.push_back(0x7f00'0000'0000 + digits % kDigit * step);
            hashes.push_back(hash_of(hasher, addresses));
        }
        const auto collisions = [&](auto part) {
            std::vector<uint32_t> values;
            for (const PathHash& hash : hashes) values.push_back(static_cast<uint32_t>(part(hash)));
            return count_collisions(std::move(values));
        };
        constexpr uint64_t kLeast = 128 - 6 * 11;
        constexpr uint64_t kMost = 128 + 6 * 11;
        const auto expect_random = [&](const char* what, uint64_t pairs) {
            EXPECT_TRUE(pairs >= kLeast && pairs <= kMost)
                << what << ", step " << step << ": " << pairs;
        };
        expect_random("place", collisions([](const PathHash& hash) { return hash.place; }));
        expect_random("check, low", collisions([](const PathHash& hash) { return hash.check; }));
        expect_random("check, high",
                      collisions([](const PathHash& hash) { return hash.check >> 32; }));
        expect_random("both", collisions([](const PathHash& hash) {
                          return (hash.place & 0xffff) << 16 | (hash.check & 0xffff);
                      }));
        expect_random("both, folded",
                      collisions([](const PathHash& hash) { return hash.place ^ hash.check; }));
    }
}

}  // namespace
}  // namespace heapdrift
