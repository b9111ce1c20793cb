#include "preload/unwind/eh_frame.h"

#include "preload/unwind/cfi_program.h"
#include "preload/unwind/eh_pointer.h"

namespace heapdrift {
namespace {

constexpr uint8_t kHeaderVersion = 1;
constexpr uint8_t kTableOfRelativeInt32 = 0x3b;  // relative to .eh_frame_hdr itself

// The table of .eh_frame_hdr: (function, FDE) pairs, sorted by function.
struct SearchTable {
    uint64_t base = 0;
    uint64_t entries = 0;
    uint64_t count = 0;
};

struct SearchEntry {
    int32_t function;
    int32_t description;
};

uint64_t relative_to(uint64_t base, int32_t offset) {
    return base + static_cast<uint64_t>(int64_t{offset});
}

bool read_search_table(const ModuleImage& image, SearchTable& table) {
    ByteCursor header = image.cursor(image.eh_frame_hdr, 28);
    const uint8_t version = header.u8();
    const uint8_t eh_frame_encoding = header.u8();
    const uint8_t count_encoding = header.u8();
    const uint8_t table_encoding = header.u8();
    if (header.failed() || version != kHeaderVersion || table_encoding != kTableOfRelativeInt32)
        return false;
    skip_eh_pointer(header, eh_frame_encoding);
    table.count = read_eh_pointer(header, count_encoding);
    table.base = image.eh_frame_hdr;
    table.entries = header.at();
    return !header.failed();
}

bool read_entry(const ModuleImage& image, const SearchTable& table, uint64_t index,
                SearchEntry& entry) {
    const uint64_t address = table.entries + index * sizeof(SearchEntry);
    if (!image.readable(address, sizeof(SearchEntry))) return false;
    __builtin_memcpy(&entry, reinterpret_cast<const void*>(address), sizeof(SearchEntry));
    return true;
}

bool find_frame_description(const ModuleImage& image, const SearchTable& table, uint64_t address,
                            FrameDescription& out) {
    uint64_t low = 0;
    uint64_t high = table.count;
    if (high > (image.mapped.end - image.mapped.begin) / sizeof(SearchEntry)) return false;
    SearchEntry best{};
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        SearchEntry entry;
        if (!read_entry(image, table, middle, entry)) return false;
        if (relative_to(table.base, entry.function) <= address) {
            best = entry;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) return false;
    return read_frame_description(image, relative_to(table.base, best.description), out) &&
           address >= out.function_begin && address < out.function_end;
}

// A return address that is the first instruction of a function was put on the stack by hand, not
// by a call: so begin the coroutines of makecontext.
bool begins_a_function(const ModuleImage& image, const SearchTable& table, uint64_t pc) {
    FrameDescription description;
    return find_frame_description(image, table, pc, description) &&
           description.function_begin == pc;
}

// Entry points in assembly that come without unwind information: the loader's, which calls the
// constructors of all modules, and _start of old C libraries.
bool is_entry_point(const ModuleImage& image, uint64_t pc) {
    constexpr uint64_t kEntryCodeSize = 128;
    return image.entry != 0 && pc >= image.entry && pc - image.entry < kEntryCodeSize;
}

}  // namespace

UnwindRule find_rule(const ModuleImage& image, uint64_t pc, PcKind kind) {
    SearchTable table;
    if (image.eh_frame_hdr == 0 || !read_search_table(image, table))
        return is_entry_point(image, pc) ? end_rule() : refused_rule();
    FrameDescription description;
    if (find_frame_description(image, table, lookup_address(pc, kind), description))
        return run_cfi_program(description, pc, kind);
    const bool outermost = is_entry_point(image, pc) ||
                           (kind == PcKind::return_address && begins_a_function(image, table, pc));
    return outermost ? end_rule() : refused_rule();
}

ComputedRule compute_rule(uint64_t pc, PcKind kind) {
    ModuleImage image;
    // The byte before: a call may be the last instruction of a module.
    if (!find_module_image(lookup_address(pc, kind), image)) return {refused_rule(), false};
    return {find_rule(image, pc, kind), true};
}

}  // namespace heapdrift
