#include "preload/unwind/search_table.h"

#include "preload/unwind/eh_pointer.h"

namespace heapdrift {
namespace {

constexpr uint8_t kHeaderVersion = 1;
constexpr uint8_t kTableOfRelativeInt32 = 0x3b;  // relative to .eh_frame_hdr itself

struct SearchEntry {
    int32_t function;
    int32_t description;
};

uint64_t relative_to(uint64_t base, int32_t offset) {
    return base + static_cast<uint64_t>(int64_t{offset});
}

SearchEntry entry_at(uint64_t address) {
    SearchEntry entry;
    __builtin_memcpy(&entry, reinterpret_cast<const void*>(address), sizeof(SearchEntry));
    return entry;
}

}  // namespace

SearchTable read_search_table(const ModuleImage& image) {
    if (image.eh_frame_hdr == 0) return {};
    ByteCursor header = image.cursor(image.eh_frame_hdr, 28);
    const uint8_t version = header.u8();
    const uint8_t eh_frame_encoding = header.u8();
    const uint8_t count_encoding = header.u8();
    const uint8_t table_encoding = header.u8();
    if (header.failed() || version != kHeaderVersion || table_encoding != kTableOfRelativeInt32)
        return {};
    skip_eh_pointer(header, eh_frame_encoding);
    SearchTable table;
    table.count = read_eh_pointer(header, count_encoding);
    table.base = image.eh_frame_hdr;
    table.entries = header.at();
    if (header.failed() ||
        table.count > (image.mapped.end - image.mapped.begin) / sizeof(SearchEntry))
        return {};
    // Where each page would have to be probed, those that a search touches are fewer.
    table.checked =
        image.segment_count > 0 && image.readable(table.entries, table.count * sizeof(SearchEntry));
    return table;
}

uint64_t search(const SearchTable& table, const ModuleImage& image, uint64_t address) {
    uint64_t low = 0;
    uint64_t high = table.count;
    int32_t description = 0;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        const uint64_t at = table.entries + middle * sizeof(SearchEntry);
        if (!table.checked && !image.readable(at, sizeof(SearchEntry))) return 0;
        const SearchEntry entry = entry_at(at);
        if (relative_to(table.base, entry.function) <= address) {
            description = entry.description;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? 0 : relative_to(table.base, description);
}

}  // namespace heapdrift
