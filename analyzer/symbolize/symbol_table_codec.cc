// The embedded form of a symbol table:
//   "HDSY", u32 version, then one zstd frame with its content size, holding LEB128 numbers:
//   count of strings, then for each its length and bytes;
//   count of entries, then for each, ascending by (module, lookup offset):
//     step of the module, step of the offset (the offset itself where the module changed),
//     count of locations, then for each: function, file (string numbers), line * 2 + inlined.
// A change of any of this needs a new version; decode() knows exactly one.

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>

#include "analyzer/symbolize/symbol_table.h"

namespace heapdrift::symbolize {
namespace {

constexpr char kMagic[4] = {'H', 'D', 'S', 'Y'};
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderBytes = sizeof(kMagic) + sizeof(kVersion);
constexpr int kCompressionLevel = 3;

// What a hostile input may make us allocate: the payload, and the table made of it, whose
// locations each copy their strings. encode() keeps within the same bounds, so that what it
// writes can always be read.
constexpr uint64_t kMaxPayloadBytes = uint64_t{256} << 20;
constexpr uint64_t kMaxTableBytes = uint64_t{512} << 20;
constexpr uint64_t kEntryBytes = 96;  // key, vector, hash node and bucket

// A location's share of the list of strings is counted with it, as if each string were its own.
uint64_t table_bytes(std::string_view function, std::string_view file) {
    return sizeof(model::Location) + function.size() + file.size() + 2 * sizeof(std::string_view);
}

class Writer {
public:
    void number(uint64_t value) {
        for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
        bytes_.push_back(static_cast<char>(value));
    }
    void text(std::string_view value) {
        number(value.size());
        bytes_.append(value);
    }
    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

// Every read is checked; after the first failure all further reads fail too.
class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    uint64_t number() {
        uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (at_ == bytes_.size()) break;
            auto byte = static_cast<unsigned char>(bytes_[at_++]);
            if (shift == 63 && byte > 1) break;
            value |= uint64_t{byte & 0x7fu} << shift;
            if (byte < 0x80) return value;
        }
        fail();
        return 0;
    }
    std::string_view text() {
        uint64_t length = number();
        if (length > left()) {
            fail();
            return {};
        }
        std::string_view value = bytes_.substr(at_, length);
        at_ += length;
        return value;
    }
    // A count of things of at least `smallest` bytes each: more cannot be in what is left.
    uint64_t count(uint64_t smallest) {
        uint64_t value = number();
        if (value > left() / smallest) fail();
        return failed_ ? 0 : value;
    }
    void fail() {
        failed_ = true;
        at_ = bytes_.size();
    }
    bool failed() const { return failed_; }
    bool at_end() const { return at_ == bytes_.size(); }

private:
    size_t left() const { return bytes_.size() - at_; }

    std::string_view bytes_;
    size_t at_ = 0;
    bool failed_ = false;
};

std::optional<std::string> decompress(std::span<const std::byte> bytes) {
    if (bytes.size() < kHeaderBytes) return std::nullopt;
    uint32_t version = 0;
    std::memcpy(&version, bytes.data() + sizeof(kMagic), sizeof(version));
    if (std::memcmp(bytes.data(), kMagic, sizeof(kMagic)) != 0 || version != kVersion) {
        return std::nullopt;
    }
    std::span<const std::byte> frame = bytes.subspan(kHeaderBytes);
    unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
    // ZSTD_CONTENTSIZE_UNKNOWN and _ERROR are the two greatest values.
    if (size > kMaxPayloadBytes) return std::nullopt;
    std::string payload(size, '\0');
    size_t written = ZSTD_decompress(payload.data(), payload.size(), frame.data(), frame.size());
    if (ZSTD_isError(written) || written != size) return std::nullopt;
    return payload;
}

model::Locations read_locations(Reader& reader, const std::vector<std::string_view>& strings,
                                uint64_t& bytes_left) {
    uint64_t count = reader.count(3);
    model::Locations locations;
    for (uint64_t i = 0; i < count && !reader.failed(); ++i) {
        uint64_t function = reader.number();
        uint64_t file = reader.number();
        uint64_t line = reader.number();
        if (function >= strings.size() || file >= strings.size() ||
            line >> 1 > std::numeric_limits<uint32_t>::max()) {
            reader.fail();
            break;
        }
        uint64_t needed = table_bytes(strings[function], strings[file]);
        if (needed > bytes_left) {
            reader.fail();
            break;
        }
        bytes_left -= needed;
        locations.push_back({std::string(strings[function]), std::string(strings[file]),
                             static_cast<uint32_t>(line >> 1), (line & 1) != 0});
    }
    return locations;
}

}  // namespace

std::vector<std::byte> SymbolTable::encode() const {
    std::vector<const std::pair<const Key, model::Locations>*> sorted;
    sorted.reserve(entries_.size());
    for (const auto& entry : entries_) sorted.push_back(&entry);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
        return std::pair(a->first.module, a->first.lookup_offset) <
               std::pair(b->first.module, b->first.lookup_offset);
    });

    std::unordered_map<std::string_view, uint64_t> numbers;
    std::vector<std::string_view> strings;
    uint64_t string_bytes = 0;
    auto number_of = [&](const std::string& text) {
        auto [at, added] = numbers.try_emplace(text, strings.size());
        if (added) {
            strings.push_back(text);
            string_bytes += text.size() + 10;
        }
        return at->second;
    };

    Writer entries;
    uint64_t count = 0;
    uint64_t bytes_left = kMaxTableBytes;
    Key last{0, 0};
    for (const auto* entry : sorted) {
        const auto& [key, locations] = *entry;
        uint64_t needed = kEntryBytes;
        for (const model::Location& location : locations) {
            needed += table_bytes(location.function, location.file);
        }
        // What does not fit stays unknown to find() and is so counted as not symbolized.
        if (needed > bytes_left ||
            entries.bytes().size() + string_bytes + 2 * needed > kMaxPayloadBytes) {
            break;
        }
        bytes_left -= needed;
        bool same_module = count != 0 && key.module == last.module;
        entries.number(key.module - last.module);
        entries.number(same_module ? key.lookup_offset - last.lookup_offset : key.lookup_offset);
        entries.number(locations.size());
        for (const model::Location& location : locations) {
            entries.number(number_of(location.function));
            entries.number(number_of(location.file));
            entries.number(uint64_t{location.line} << 1 | (location.inlined ? 1 : 0));
        }
        last = key;
        ++count;
    }

    Writer payload;
    payload.number(strings.size());
    for (std::string_view text : strings) payload.text(text);
    payload.number(count);
    std::string raw = payload.bytes() + entries.bytes();

    std::vector<std::byte> result(kHeaderBytes + ZSTD_compressBound(raw.size()));
    std::memcpy(result.data(), kMagic, sizeof(kMagic));
    std::memcpy(result.data() + sizeof(kMagic), &kVersion, sizeof(kVersion));
    size_t written = ZSTD_compress(result.data() + kHeaderBytes, result.size() - kHeaderBytes,
                                   raw.data(), raw.size(), kCompressionLevel);
    // Out of memory is the only way to fail with a buffer of the bound; no table is then embedded.
    result.resize(ZSTD_isError(written) ? 0 : kHeaderBytes + written);
    return result;
}

std::optional<SymbolTable> SymbolTable::decode(std::span<const std::byte> bytes) {
    std::optional<std::string> payload = decompress(bytes);
    if (!payload) return std::nullopt;
    Reader reader(*payload);

    uint64_t string_count = reader.count(1);
    if (string_count > kMaxTableBytes / sizeof(std::string_view)) return std::nullopt;
    std::vector<std::string_view> strings(string_count);
    for (std::string_view& text : strings) text = reader.text();

    SymbolTable table;
    uint64_t count = reader.count(3);
    uint64_t bytes_left = kMaxTableBytes;
    table.entries_.reserve(std::min(count, kMaxTableBytes / kEntryBytes));
    Key key{0, 0};
    for (uint64_t i = 0; i < count && !reader.failed(); ++i) {
        uint64_t module_step = reader.number();
        uint64_t offset_step = reader.number();
        bool same_module = i != 0 && module_step == 0;
        uint64_t base = same_module ? key.lookup_offset : 0;
        if (module_step > std::numeric_limits<uint32_t>::max() - key.module ||
            offset_step > std::numeric_limits<uint64_t>::max() - base ||
            (same_module && offset_step == 0) || bytes_left < kEntryBytes) {
            return std::nullopt;
        }
        bytes_left -= kEntryBytes;
        key = Key{key.module + static_cast<uint32_t>(module_step), base + offset_step};
        table.entries_.emplace(key, read_locations(reader, strings, bytes_left));
    }
    if (reader.failed() || !reader.at_end()) return std::nullopt;
    return table;
}

}  // namespace heapdrift::symbolize
