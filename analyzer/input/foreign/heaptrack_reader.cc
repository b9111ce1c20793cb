#include "analyzer/input/foreign/heaptrack_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/model/stack_builder.h"

namespace heapdrift::input {

namespace {

constexpr uint64_t kFormat = 3;
// Twice as many frames as heaptrack keeps of a stack: a made-up file must not fill the memory.
constexpr size_t kDeepest = 128;

struct Address {
    uint64_t address = 0;
    uint64_t module = 0;  // number of a string
    model::Locations locations;
};

struct TreeFrame {
    uint64_t address = 0;  // number of an address, from 1
    uint64_t parent = 0;   // number of a frame, from 1
};

struct Kind {
    uint64_t size = 0;
    uint64_t frame = 0;
    uint64_t allocations = 0;
    uint64_t live = 0;
    // Live at the last time that the whole heap was as large as never before, if it changed since;
    // else that is `live`.
    uint64_t live_at_peak = 0;
    uint64_t changed_after_peak = 0;  // the number of that peak
};

class Reader {
public:
    explicit Reader(TextLines& lines) : lines_(lines) {}

    model::Profile read() {
        while (lines_.next(line_)) {
            if (line_.empty() || line_.front() == '#') continue;
            rest_ = line_.substr(1);
            if (is_kept(line_.front())) lines_.keep(line_);
            if (!rest_.empty() && rest_.front() != ' ') lines_.fail("a letter and a blank");
            read_line(line_.front());
        }
        return profile();
    }

private:
    static bool is_kept(char what) {
        return what == 'X' || what == 's' || what == 'i' || what == 't' || what == 'a';
    }

    void read_line(char what) {
        switch (what) {
            case 'v':
                number("the version of heaptrack");
                if (number("the version of the format") != kFormat)
                    lines_.fail("a recording of heaptrack 1.3 or later, format version 3");
                break;
            case 'X':
                command_ = rest_.substr(std::min<size_t>(1, rest_.size()));
                break;
            case 's':
                read_string();
                break;
            case 'i':
                read_address();
                break;
            case 't':
                read_frame();
                break;
            case 'a':
                kinds_.push_back(
                    {.size = number("a size"), .frame = index("a call stack", frames_.size())});
                break;
            case '+':
                allocate(kind());
                break;
            case '-':
                deallocate(kind());
                break;
            case 'c':
                milliseconds_ = number("a time");
                break;
            case 'm':
                lines_.fail(
                    "an interpreted recording (run heaptrack --interpret on this raw one first)");
            case 'R':
            case 'I':
            case 'A':
            case 'S':
                break;
            default:
                lines_.fail("one of heaptrack's records (v X s i t a + - c R I A S #)");
        }
    }

    uint64_t number(const char* expected) {
        uint64_t value = 0;
        if (!take_number(rest_, 16, value)) lines_.fail(expected);
        return value;
    }
    // A number up to `last`; 0 stands for none.
    uint64_t index(const char* expected, size_t last) {
        const uint64_t value = number(expected);
        if (value > last) lines_.fail(fmt::format("{} that was named before", expected));
        return value;
    }
    bool more() const { return rest_.find_first_not_of(' ') != std::string_view::npos; }

    void read_string() {
        const uint64_t size = number("the length of a string");
        if (rest_.empty() || rest_.size() - 1 < size) lines_.fail("a string of the length given");
        strings_.emplace_back(rest_.substr(1, size));
    }

    std::string string(uint64_t number) const { return number == 0 ? "" : strings_[number - 1]; }
    // A long name may be that of many addresses.
    std::string copied_string(uint64_t number) {
        std::string text = string(number);
        lines_.keep(text);
        return text;
    }

    void read_address() {
        Address address;
        address.address = number("an address");
        address.module = index("a module", strings_.size());
        while (more()) {
            model::Location location;
            location.function = copied_string(index("a function", strings_.size()));
            if (more()) {
                location.file = copied_string(index("a file", strings_.size()));
                location.line = static_cast<uint32_t>(number("a line"));
            }
            if (!address.locations.empty()) address.locations.back().inlined = true;
            address.locations.push_back(location);
        }
        // A place without a function is as good as none.
        if (!address.locations.empty() && address.locations.front().function.empty())
            address.locations.clear();
        addresses_.push_back(std::move(address));
    }

    void read_frame() {
        TreeFrame frame;
        frame.address = index("an address", addresses_.size());
        // A caller comes before what it calls: there is no circle.
        frame.parent = index("a calling frame", frames_.size());
        if (frame.address == 0) lines_.fail("the number of an address");
        frames_.push_back(frame);
    }

    Kind& kind() {
        const uint64_t value = number("a kind of block");
        if (more()) lines_.fail("an interpreted recording (run heaptrack --interpret on this one)");
        if (value >= kinds_.size()) lines_.fail("a kind of block that was named before");
        return kinds_[value];
    }

    // Before its live blocks change.
    void keep_peak(Kind& kind) const {
        if (kind.changed_after_peak == peaks_) return;
        kind.live_at_peak = kind.live;
        kind.changed_after_peak = peaks_;
    }

    void allocate(Kind& kind) {
        keep_peak(kind);
        ++kind.allocations;
        ++kind.live;
        live_bytes_ += kind.size;
        if (live_bytes_ <= peak_bytes_) return;
        peak_bytes_ = live_bytes_;
        peak_milliseconds_ = milliseconds_;
        ++peaks_;
    }

    void deallocate(Kind& kind) {
        if (kind.live == 0) lines_.fail("the deallocation of a block that is live");
        keep_peak(kind);
        --kind.live;
        live_bytes_ -= kind.size;
    }

    std::vector<uint32_t> intern_addresses(model::Profile& profile, model::StackBuilder& builder,
                                           const std::vector<uint32_t>& module_of_string) {
        std::vector<uint32_t> numbers;
        for (Address& address : addresses_) {
            model::CodeAddress code;
            code.module = address.module == 0 ? kNoModule : module_of_string[address.module - 1];
            code.offset = address.address + 1;
            numbers.push_back(builder.intern_address(code));
            profile.locations.resize(profile.addresses.size());
            profile.locations[numbers.back()] = std::move(address.locations);
        }
        return numbers;
    }

    std::vector<uint32_t> read_modules(model::Profile& profile) const {
        std::vector<uint32_t> module_of_string(strings_.size(), kNoModule);
        for (const Address& address : addresses_) {
            if (address.module == 0 || module_of_string[address.module - 1] != kNoModule) continue;
            module_of_string[address.module - 1] = static_cast<uint32_t>(profile.modules.size());
            model::Module module;
            module.path = string(address.module);
            profile.modules.push_back(module);
        }
        return module_of_string;
    }

    model::Figures figures(const Kind& kind) const {
        model::Figures figures;
        figures.allocations = kind.allocations;
        figures.allocated_bytes = kind.allocations * kind.size;
        figures.live_allocations = kind.live;
        figures.live_bytes = kind.live * kind.size;
        figures.deallocations = kind.allocations - kind.live;
        figures.deallocated_bytes = figures.deallocations * kind.size;
        // heaptrack means another thing by temporary, and a realloc is two events.
        figures.sampled = true;
        figures.peak_live_bytes =
            (kind.changed_after_peak == peaks_ ? kind.live_at_peak : kind.live) * kind.size;
        return figures;
    }

    model::Profile profile() {
        model::Profile profile;
        profile.session.foreign_recorder = "heaptrack";
        for (std::string_view rest = command_; !rest.empty();) {
            const size_t end = std::min(rest.find(' '), rest.size());
            if (end > 0) profile.session.command_line.emplace_back(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        if (!profile.session.command_line.empty())
            profile.session.program = profile.session.command_line.front();
        profile.session.last_seconds = static_cast<double>(milliseconds_) * 1e-3;
        profile.peak_live_bytes = peak_bytes_;
        profile.peak_seconds = static_cast<double>(peak_milliseconds_) * 1e-3;
        const std::vector<uint32_t> module_of_string = read_modules(profile);
        model::StackBuilder builder(profile);
        const std::vector<uint32_t> numbers = intern_addresses(profile, builder, module_of_string);
        std::vector<uint32_t> stack;
        for (const Kind& kind : kinds_) {
            stack.clear();
            uint64_t frame = kind.frame;
            for (; frame != 0 && stack.size() < kDeepest; frame = frames_[frame - 1].parent)
                stack.push_back(numbers[frames_[frame - 1].address - 1]);
            model::Site site;
            site.id = static_cast<uint32_t>(&kind - kinds_.data()) + 1;
            site.end = frame == 0 ? StackEnd::complete : StackEnd::depth_limit;
            site.figures = figures(kind);
            builder.add(site, stack);
        }
        return profile;
    }

    TextLines& lines_;
    std::string_view line_;
    std::string_view rest_;
    std::string command_;
    std::vector<std::string> strings_;
    std::vector<Address> addresses_;
    std::vector<TreeFrame> frames_;
    std::vector<Kind> kinds_;
    uint64_t milliseconds_ = 0;
    uint64_t live_bytes_ = 0;
    uint64_t peak_bytes_ = 0;
    uint64_t peak_milliseconds_ = 0;
    uint64_t peaks_ = 1;
};

}  // namespace

bool is_heaptrack(std::string_view first_line) {
    uint64_t tool = 0;
    uint64_t format = 0;
    if (!first_line.starts_with("v ")) return false;
    first_line.remove_prefix(1);
    return take_number(first_line, 16, tool) && take_number(first_line, 16, format) &&
           first_line.empty();
}

model::Profile read_heaptrack(TextLines& lines) {
    return Reader(lines).read();
}

}  // namespace heapdrift::input
