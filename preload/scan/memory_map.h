// The mappings of the calling process, and which of their pages hold anything.
#pragma once

#include <cstdint>

#include "preload/scan/array.h"

namespace heapdrift::scan {

struct Mapping {
    enum class Kind : uint8_t {
        anonymous,
        heap,   // [heap]
        stack,  // [stack]: of the process
        file,   // of a file or of shared memory: reading behind its end is a fault
        device,
        kernel,  // [vdso] and the like
    };
    uint64_t start;
    uint64_t end;
    Kind kind;
    bool readable;
    bool writable;
    bool shared;
    bool guarded;  // what lies directly before it cannot be read

    bool holds(uint64_t address) const { return address >= start && address < end; }
};

class MemoryMap {
public:
    // From /proc/self/maps. False where it could not be read, or without memory.
    bool read();
    const Array<Mapping>& mappings() const { return mappings_; }
    // nullptr: none. Ranges asked for in rising order are found at once.
    const Mapping* find(uint64_t address);
    bool is_readable(uint64_t start, uint64_t end);
    // Calls visit(start, end) for the parts of a range that can be read.
    template <typename Visit>
    void for_each_readable(uint64_t start, uint64_t end, Visit visit) {
        while (start < end) {
            const Mapping* mapping = find(start);
            if (mapping == nullptr) return;
            const uint64_t stop = mapping->end < end ? mapping->end : end;
            if (mapping->readable) visit(start, stop);
            start = stop;
        }
    }

private:
    bool add_line(const char* line);

    Array<Mapping> mappings_;
    uint64_t recent_ = 0;
};

// Calls visit(start, end) for the stretches of a private anonymous range whose pages are there: a
// large one may be reserved and never touched. Where the kernel does not tell: for the whole.
class PresentPages {
public:
    PresentPages();
    ~PresentPages();
    PresentPages(const PresentPages&) = delete;
    PresentPages& operator=(const PresentPages&) = delete;

    template <typename Visit>
    void for_each(uint64_t start, uint64_t end, Visit visit) {
        if (fd_ < 0 || end - start < kWorthAsking) {
            visit(start, end);
            return;
        }
        for (uint64_t at = start; at < end;) {
            at = ask(at, end);
            for (uint64_t i = 0; i < count_; ++i)
                visit(stretches_[i].start < start ? start : stretches_[i].start,
                      stretches_[i].end < end ? stretches_[i].end : end);
        }
    }

private:
    static constexpr uint64_t kPage = 4096;
    static constexpr uint64_t kWorthAsking = 16 * kPage;
    static constexpr uint64_t kMostStretches = 256;

    // As the kernel writes them: struct page_region.
    struct Stretch {
        uint64_t start;
        uint64_t end;
        uint64_t categories;
    };
    // Fills stretches_ with what is there of [at, end); returns up to where.
    uint64_t ask(uint64_t at, uint64_t end);
    bool ask_for_stretches(uint64_t at, uint64_t end, uint64_t& up_to);
    bool ask_by_page(uint64_t at, uint64_t end, uint64_t& up_to);

    int fd_;
    bool by_page_ = false;  // a kernel older than 6.7
    uint64_t count_ = 0;
    Stretch stretches_[kMostStretches];
};

}  // namespace heapdrift::scan
