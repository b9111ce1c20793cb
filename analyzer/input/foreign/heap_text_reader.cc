#include "analyzer/input/foreign/heap_text_reader.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "analyzer/model/stack_builder.h"

namespace heapdrift::input {

namespace {

constexpr std::string_view kGperftools = "heap profile:";
constexpr std::string_view kJemalloc = "heap_v2/";
constexpr const char* kGperftoolsProfiler = "gperftools' heap profiler";
constexpr const char* kJemallocProfiler = "jemalloc's heap profiler";
// Where jemalloc was not asked to count all allocations.
constexpr const char* kLiveOnly = "jemalloc's heap profiler (live blocks only)";
constexpr std::string_view kMaps = "MAPPED_LIBRARIES:";

// "live: bytes [all: bytes]", as recorded.
struct Counts {
    uint64_t live = 0;
    uint64_t live_bytes = 0;
    uint64_t all = 0;
    uint64_t all_bytes = 0;
};

struct Stack {
    Counts counts;
    std::vector<uint64_t> addresses;
};

bool take(std::string_view& rest, char wanted) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    if (!rest.starts_with(wanted)) return false;
    rest.remove_prefix(1);
    return true;
}

bool take_counts(std::string_view& rest, Counts& counts) {
    return take_number(rest, 10, counts.live) && take(rest, ':') &&
           take_number(rest, 10, counts.live_bytes) && take(rest, '[') &&
           take_number(rest, 10, counts.all) && take(rest, ':') &&
           take_number(rest, 10, counts.all_bytes) && take(rest, ']');
}

// What a count stands for: a sampled block of the mean size with probability 1 - exp(-size/R).
double weight(uint64_t count, uint64_t bytes, uint64_t interval) {
    if (interval <= 1 || count == 0) return 1;
    const double mean = static_cast<double>(bytes) / static_cast<double>(count);
    return 1 / -std::expm1(-std::max(mean, 1.0) / static_cast<double>(interval));
}

// Beyond what a counter holds: only a made-up file has that.
uint64_t scaled(uint64_t value, double factor) {
    const double product = static_cast<double>(value) * factor;
    return product < 9e18 ? static_cast<uint64_t>(std::llround(product)) : uint64_t{9} << 60 >> 1;
}

double variance(uint64_t count, uint64_t bytes, double weight) {
    if (count == 0 || weight <= 1) return 0;
    const double mean = static_cast<double>(bytes) / static_cast<double>(count);
    return static_cast<double>(count) * mean * mean * weight * (weight - 1);
}

model::Figures to_figures(const Counts& counts, uint64_t interval) {
    model::Figures figures;
    // Temporary and reallocated blocks are not known, as in our own sampled mode.
    figures.sampled = true;
    // jemalloc tells of allocations in all only where it was asked to; these there were at least.
    const uint64_t all = std::max(counts.all, counts.live);
    const uint64_t all_bytes = std::max(counts.all_bytes, counts.live_bytes);
    const double live_weight = weight(counts.live, counts.live_bytes, interval);
    const double all_weight = weight(all, all_bytes, interval);
    figures.live_allocations = scaled(counts.live, live_weight);
    figures.live_bytes = scaled(counts.live_bytes, live_weight);
    figures.allocations = std::max(scaled(all, all_weight), figures.live_allocations);
    figures.allocated_bytes = std::max(scaled(all_bytes, all_weight), figures.live_bytes);
    figures.deallocations = figures.allocations - figures.live_allocations;
    figures.deallocated_bytes = figures.allocated_bytes - figures.live_bytes;
    if (interval > 1) {
        figures.sampling_interval = interval;
        figures.live_variance = variance(counts.live, counts.live_bytes, live_weight);
        figures.allocated_variance = variance(all, all_bytes, all_weight);
    }
    return figures;
}

class Reader {
public:
    Reader(TextLines& lines, const IdentifyModule& identify) : lines_(lines), identify_(identify) {}

    model::Profile read() {
        if (!lines_.next(line_)) lines_.fail("\"heap profile:\" or \"heap_v2/\"");
        if (line_.starts_with(kJemalloc))
            read_jemalloc();
        else
            read_gperftools();
        MemoryMaps maps;
        while (lines_.next(line_)) {
            lines_.keep(line_);
            maps.add(line_);
        }
        return profile_of(maps);
    }

private:
    void read_gperftools() {
        std::string_view rest = line_.substr(std::min(line_.size(), kGperftools.size()));
        Counts total;
        if (!line_.starts_with(kGperftools) || !take_counts(rest, total) || !take(rest, '@'))
            lines_.fail("\"heap profile: COUNT: BYTES [COUNT: BYTES] @ TYPE\"");
        rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
        recorder_ = kGperftoolsProfiler;
        if (rest.starts_with("growth"))
            lines_.fail("a heap profile (this one is of heap growth, without deallocations)");
        if (const size_t slash = rest.find('/'); slash != std::string_view::npos) {
            const bool second = rest.substr(0, slash).ends_with("_v2");
            rest.remove_prefix(slash + 1);
            if (!take_number(rest, 10, interval_)) lines_.fail("the sampling rate");
            // The first version wrote twice the mean.
            if (!second) interval_ /= 2;
        }
        while (lines_.next(line_) && !line_.starts_with(kMaps)) {
            if (line_.find_first_not_of(" \t") == std::string_view::npos ||
                line_.starts_with('#') || line_.starts_with("build="))
                continue;
            Stack stack;
            rest = line_;
            if (!take_counts(rest, stack.counts) || !take(rest, '@'))
                lines_.fail("\"COUNT: BYTES [COUNT: BYTES] @ ADDRESS…\"");
            take_addresses(rest, stack);
            stacks_.push_back(std::move(stack));
        }
    }

    void read_jemalloc() {
        std::string_view rest = line_.substr(kJemalloc.size());
        if (!take_number(rest, 10, interval_)) lines_.fail("the sampling rate");
        recorder_ = kJemallocProfiler;
        std::optional<Stack> open;
        while (lines_.next(line_) && !line_.starts_with(kMaps)) {
            rest = line_;
            rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
            if (rest.empty()) continue;
            if (take(rest, '@')) {
                open.emplace();
                take_addresses(rest, *open);
            } else if (rest.starts_with("t*:")) {
                // Before the first stack: the sum of all.
                Counts counts;
                rest.remove_prefix(3);
                if (!take_counts(rest, counts)) lines_.fail("\"t*: COUNT: BYTES [COUNT: BYTES]\"");
                if (!open) continue;
                open->counts = counts;
                if (counts.all < counts.live) recorder_ = kLiveOnly;
                stacks_.push_back(std::move(*open));
                open.reset();
            } else if (!rest.starts_with('t')) {  // of one thread: part of t*
                lines_.fail("\"@ ADDRESS…\" or \"t*: COUNT: BYTES [COUNT: BYTES]\"");
            }
        }
    }

    void take_addresses(std::string_view rest, Stack& stack) {
        lines_.keep(rest);
        while (rest.find_first_not_of(" \t") != std::string_view::npos) {
            uint64_t address = 0;
            if (!take_number(rest, 16, address) ||
                (!rest.empty() && rest.front() != ' ' && rest.front() != '\t'))
                lines_.fail("an address such as 0x401144");
            stack.addresses.push_back(address);
        }
    }

    model::Profile profile_of(const MemoryMaps& maps) {
        model::Profile profile;
        profile.session.foreign_recorder = recorder_;
        profile.session.program = maps.program();
        profile.session.mode = interval_ > 1 ? Mode::sampled : Mode::exact;
        profile.session.sampling_interval_bytes = interval_ > 1 ? interval_ : 0;
        profile.modules = maps.modules(identify_);
        model::StackBuilder builder(profile);
        std::vector<uint32_t> frames;
        for (const Stack& stack : stacks_) {
            frames.clear();
            for (const uint64_t address : stack.addresses) {
                const uint32_t module = maps.module_of(address);
                // The allocator's own frames are no part of the program.
                if (frames.empty() && maps.is_allocator(module)) continue;
                model::CodeAddress code;
                code.module = module;
                code.offset = address;
                if (module != kNoModule) code.offset -= profile.modules[module].load_bias;
                frames.push_back(builder.intern_address(code));
            }
            model::Site site;
            site.id = static_cast<uint32_t>(&stack - stacks_.data()) + 1;
            site.figures = to_figures(stack.counts, interval_);
            builder.add(site, frames);
        }
        return profile;
    }

    TextLines& lines_;
    const IdentifyModule& identify_;
    std::string_view line_;
    std::string recorder_;
    uint64_t interval_ = 0;
    std::vector<Stack> stacks_;
};

}  // namespace

bool is_heap_text(std::string_view first_line) {
    return *heap_text_recorder(first_line) != '\0';
}

const char* heap_text_recorder(std::string_view first_line) {
    if (first_line.starts_with(kGperftools)) return kGperftoolsProfiler;
    return first_line.starts_with(kJemalloc) ? kJemallocProfiler : "";
}

model::Profile read_heap_text(TextLines& lines, const IdentifyModule& identify) {
    return Reader(lines, identify).read();
}

}  // namespace heapdrift::input
