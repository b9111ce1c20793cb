#include "analyzer/symbolize/symbol_table.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <chrono>
#include <cstring>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <utility>

namespace heapdrift::symbolize {
namespace {

using Content = std::map<std::pair<uint32_t, uint64_t>, model::Locations>;

bool same(const model::Locations& a, const model::Locations& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const model::Location& left, const model::Location& right) {
                          return left.function == right.function && left.file == right.file &&
                                 left.line == right.line && left.inlined == right.inlined;
                      });
}

Content random_content(std::mt19937_64& random, size_t entries) {
    auto below = [&](uint64_t limit) { return random() % limit; };
    const uint64_t extremes[] = {0, 1, 0x7f, 0x80, std::numeric_limits<uint64_t>::max()};
    Content content;
    for (size_t i = 0; i < entries; ++i) {
        uint32_t module =
            below(10) == 0 ? std::numeric_limits<uint32_t>::max() : static_cast<uint32_t>(below(5));
        uint64_t offset = below(8) == 0 ? extremes[below(std::size(extremes))] : below(1 << 20);
        model::Locations locations(below(4));
        for (model::Location& location : locations) {
            location.function = std::string(below(40), static_cast<char>('a' + below(26)));
            location.file = below(2) == 0 ? "" : "/src/" + std::to_string(below(20)) + ".cc";
            location.line = below(10) == 0 ? std::numeric_limits<uint32_t>::max()
                                           : static_cast<uint32_t>(below(5000));
            location.inlined = below(2) == 0;
        }
        content[{module, offset}] = locations;
    }
    return content;
}

SymbolTable table_of(const Content& content) {
    SymbolTable table;
    for (const auto& [key, locations] : content) table.insert(key.first, key.second, locations);
    return table;
}

// Around a payload that no encoder wrote.
std::vector<std::byte> wrapped(const std::string& payload, uint32_t version = 1) {
    std::vector<std::byte> bytes(8 + ZSTD_compressBound(payload.size()));
    std::memcpy(bytes.data(), "HDSY", 4);
    std::memcpy(bytes.data() + 4, &version, 4);
    bytes.resize(
        8 + ZSTD_compress(bytes.data() + 8, bytes.size() - 8, payload.data(), payload.size(), 1));
    return bytes;
}

TEST(SymbolTable, TellsUnknownAddressesFromThoseNeverLookedUp) {
    SymbolTable table;
    table.insert(1, 0x10, {});
    ASSERT_NE(table.find(1, 0x10), nullptr);
    EXPECT_TRUE(table.find(1, 0x10)->empty());
    EXPECT_EQ(table.find(1, 0x11), nullptr);
    EXPECT_EQ(table.find(0, 0x10), nullptr);
}

TEST(SymbolTable, ComesBackFromItsBytes) {
    std::mt19937_64 random(20240501);
    for (size_t entries : {0, 1, 2, 10, 100, 3000}) {
        Content content = random_content(random, entries);
        auto decoded = SymbolTable::decode(table_of(content).encode());
        ASSERT_TRUE(decoded) << entries;
        EXPECT_EQ(decoded->size(), content.size());
        for (const auto& [key, locations] : content) {
            const model::Locations* found = decoded->find(key.first, key.second);
            ASSERT_NE(found, nullptr);
            EXPECT_TRUE(same(*found, locations));
        }
    }
}

TEST(SymbolTable, GivesTheSameBytesWhateverTheOrderOfInsertion) {
    std::mt19937_64 random(7);
    Content content = random_content(random, 500);
    SymbolTable backwards;
    for (auto at = content.rbegin(); at != content.rend(); ++at) {
        backwards.insert(at->first.first, at->first.second, at->second);
    }
    EXPECT_EQ(backwards.encode(), table_of(content).encode());
}

TEST(SymbolTable, RefusesEveryTruncation) {
    std::mt19937_64 random(11);
    std::vector<std::byte> bytes = table_of(random_content(random, 50)).encode();
    for (size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(SymbolTable::decode(std::span(bytes).first(size))) << size;
    }
}

TEST(SymbolTable, RefusesAnotherVersion) {
    EXPECT_TRUE(SymbolTable::decode(wrapped(std::string("\0\0", 2))));
    EXPECT_FALSE(SymbolTable::decode(wrapped(std::string("\0\0", 2), 2)));
}

TEST(SymbolTable, RefusesPayloadsThatContradictThemselves) {
    // Bytes behind the end, a string number out of range, the same key twice, a count that
    // cannot fit, a string longer than what is left.
    for (const std::string& payload :
         {std::string("\0\0\0", 3), std::string("\1\0\1\0\5\1\0\1\2", 9),
          std::string("\0\2\0\5\0\0\0\0", 8), std::string("\0\xff\xff\xff\xff\xf", 6),
          std::string("\1\xff\xff\xff\xff\xf", 6)}) {
        EXPECT_FALSE(SymbolTable::decode(wrapped(payload)));
    }
}

// One long string, named by very many locations, would be gigabytes once copied.
TEST(SymbolTable, RefusesATableThatWouldNotFitIntoMemory) {
    std::string payload("\1\x80\x80\x40", 4);
    payload += std::string(1 << 20, 'x');
    payload += std::string("\1\0\5", 3);
    payload += std::string("\x80\x80\x04", 3);
    for (int i = 0; i < 1 << 16; ++i) payload += std::string("\0\0\2", 3);
    EXPECT_FALSE(SymbolTable::decode(wrapped(payload)));
}

TEST(SymbolTable, RefusesAFrameThatClaimsToBeHuge) {
    std::vector<std::byte> bytes = wrapped(std::string(1 << 10, '\0'));
    // A frame header of its own: single segment, 8 bytes of content size.
    const unsigned char header[] = {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0};
    std::memcpy(bytes.data() + 8, header, sizeof(header));
    EXPECT_FALSE(SymbolTable::decode(bytes));
}

TEST(SymbolTable, SurvivesMutatedBytesForTwoSeconds) {
    std::mt19937_64 random(std::random_device{}());
    Content content = random_content(random, 40);
    const std::vector<std::byte> whole = table_of(content).encode();
    std::string payload(ZSTD_getFrameContentSize(whole.data() + 8, whole.size() - 8), '\0');
    ASSERT_EQ(ZSTD_decompress(payload.data(), payload.size(), whole.data() + 8, whole.size() - 8),
              payload.size());
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (std::chrono::steady_clock::now() < end) {
        std::vector<std::byte> bytes = whole;
        std::string changed = payload;
        for (uint64_t i = random() % 4; i < 4; ++i) {
            bytes[random() % bytes.size()] = static_cast<std::byte>(random());
            changed[random() % changed.size()] = static_cast<char>(random());
        }
        SymbolTable::decode(bytes);
        // Past the compression, whose checks would hide most of the rest.
        if (auto table = SymbolTable::decode(wrapped(changed))) {
            EXPECT_TRUE(SymbolTable::decode(table->encode()));
        }
    }
}

}  // namespace
}  // namespace heapdrift::symbolize
