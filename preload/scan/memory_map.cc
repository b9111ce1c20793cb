#include "preload/scan/memory_map.h"

#include "preload/syscalls.h"
#include "preload/text.h"

namespace heapdrift::scan {
namespace {

const char* parse_hex(const char* text, uint64_t& number) {
    for (number = 0;; ++text) {
        const char c = *text;
        if (c >= '0' && c <= '9')
            number = number << 4 | static_cast<uint64_t>(c - '0');
        else if (c >= 'a' && c <= 'f')
            number = number << 4 | static_cast<uint64_t>(c - 'a' + 10);
        else
            return text;
    }
}

Mapping::Kind kind_of(uint64_t inode, const char* name) {
    if (text_equal(name, "[heap]")) return Mapping::Kind::heap;
    if (text_equal(name, "[stack]")) return Mapping::Kind::stack;
    if (text_starts(name, "[v")) return Mapping::Kind::kernel;
    // Shared memory has names there too, and shared anonymous memory is a deleted /dev/zero.
    if (text_starts(name, "/dev/") && !text_starts(name, "/dev/shm/") &&
        !text_starts(name, "/dev/zero"))
        return Mapping::Kind::device;
    return inode != 0 ? Mapping::Kind::file : Mapping::Kind::anonymous;
}

}  // namespace

// "start-end perms offset major:minor inode   name"
bool MemoryMap::add_line(const char* line) {
    Mapping mapping{};
    line = parse_hex(line, mapping.start);
    if (*line++ != '-') return false;
    line = parse_hex(line, mapping.end);
    if (*line++ != ' ') return false;
    mapping.readable = line[0] == 'r';
    mapping.writable = line[1] == 'w';
    mapping.shared = line[3] == 's';
    uint64_t skipped = 0;
    line = parse_hex(line + 5, skipped);  // offset
    line = parse_hex(line + 1, skipped);  // device
    line = parse_hex(line + 1, skipped);
    uint64_t inode = 0;
    line = parse_number(line + 1, inode);
    if (line == nullptr) return false;
    while (*line == ' ') ++line;
    mapping.kind = kind_of(inode, line);
    mapping.guarded = mappings_.count() != 0 && mappings_.last().end == mapping.start &&
                      !mappings_.last().readable;
    return mappings_.add(mapping);
}

bool MemoryMap::read() {
    constexpr size_t kSize = 64 * 1024;
    constexpr size_t kLongestLine = 8192;
    auto* text = static_cast<char*>(map_pages(kSize));
    if (text == nullptr) return false;
    const int fd = sys::open("/proc/self/maps", O_RDONLY);
    bool good = fd >= 0;
    size_t held = 0;
    while (good) {
        const long got = sys::read(fd, text + held, kSize - held);
        if (got <= 0) {
            good = got == 0;
            break;
        }
        held += static_cast<size_t>(got);
        size_t done = 0;
        for (size_t i = 0; i < held; ++i) {
            if (text[i] != '\n') continue;
            text[i] = '\0';
            good = good && add_line(text + done);
            done = i + 1;
        }
        if (held - done > kLongestLine) good = false;
        __builtin_memmove(text, text + done, held - done);
        held -= done;
    }
    if (fd >= 0) sys::close(fd);
    unmap_pages(text, kSize);
    return good && !mappings_.failed();
}

const Mapping* MemoryMap::find(uint64_t address) {
    if (recent_ < mappings_.count() && mappings_[recent_].holds(address))
        return &mappings_[recent_];
    const uint64_t found = first_behind(mappings_, address);
    if (found == mappings_.count() || !mappings_[found].holds(address)) return nullptr;
    recent_ = found;
    return &mappings_[found];
}

bool MemoryMap::is_readable(uint64_t start, uint64_t end) {
    while (start < end) {
        const Mapping* mapping = find(start);
        if (mapping == nullptr || !mapping->readable) return false;
        start = mapping->end;
    }
    return true;
}

PresentPages::PresentPages() : fd_(sys::open("/proc/self/pagemap", O_RDONLY)) {}

PresentPages::~PresentPages() {
    if (fd_ >= 0) sys::close(fd_);
}

namespace {

// Since Linux 6.7, and so not in the headers that we are built with.
struct PagemapScan {
    uint64_t size;
    uint64_t flags;
    uint64_t start;
    uint64_t end;
    uint64_t walk_end;
    uint64_t regions;
    uint64_t region_count;
    uint64_t max_pages;
    uint64_t category_inverted;
    uint64_t category_mask;
    uint64_t category_anyof_mask;
    uint64_t return_mask;
};
constexpr long kPagemapScan = 0xc0606610;
constexpr uint64_t kPresent = 1u << 3;
constexpr uint64_t kSwapped = 1u << 4;

}  // namespace

bool PresentPages::ask_for_stretches(uint64_t at, uint64_t end, uint64_t& up_to) {
    PagemapScan scan{};
    scan.size = sizeof(scan);
    scan.start = at & ~(kPage - 1);
    scan.end = (end + kPage - 1) & ~(kPage - 1);
    scan.regions = reinterpret_cast<uint64_t>(stretches_);
    scan.region_count = kMostStretches;
    scan.category_anyof_mask = scan.return_mask = kPresent | kSwapped;
    const long found = sys::call(SYS_ioctl, fd_, kPagemapScan, sys::address(&scan));
    if (sys::failed(found) || scan.walk_end <= at) return false;
    count_ = static_cast<uint64_t>(found);
    up_to = scan.walk_end;
    return true;
}

bool PresentPages::ask_by_page(uint64_t at, uint64_t end, uint64_t& up_to) {
    constexpr uint64_t kPresentOrSwapped = uint64_t{3} << 62;
    uint64_t entries[kMostStretches];
    const uint64_t first = at / kPage;
    uint64_t pages = (end + kPage - 1) / kPage - first;
    if (pages > kMostStretches) pages = kMostStretches;
    const auto size = static_cast<long>(pages * sizeof(uint64_t));
    if (sys::call(SYS_pread64, fd_, sys::address(entries), size,
                  static_cast<long>(first * sizeof(uint64_t))) != size)
        return false;
    count_ = 0;
    for (uint64_t i = 0; i < pages; ++i)
        if ((entries[i] & kPresentOrSwapped) != 0)
            stretches_[count_++] = {(first + i) * kPage, (first + i + 1) * kPage, 0};
    up_to = (first + pages) * kPage;
    return true;
}

uint64_t PresentPages::ask(uint64_t at, uint64_t end) {
    uint64_t up_to = 0;
    if (!by_page_ && ask_for_stretches(at, end, up_to)) return up_to;
    by_page_ = true;
    if (ask_by_page(at, end, up_to)) return up_to;
    stretches_[0] = {at, end, 0};
    count_ = 1;
    return end;
}

}  // namespace heapdrift::scan
