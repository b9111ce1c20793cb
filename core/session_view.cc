#include "core/session_view.h"

#include <cstring>

namespace heapdrift {

const char* view_error_text(ViewError error) {
    switch (error) {
        case ViewError::none:
            return "reads well";
        case ViewError::empty:
            return "the file is empty: the recorder had no space to create it";
        case ViewError::not_heapdrift:
            return "not a heapdrift session file";
        case ViewError::unfinished:
            return "nothing was recorded: the program ended while the file was being created";
        case ViewError::newer_version:
            return "created by a newer version of heapdrift; read it with that version";
        case ViewError::cut_short:
            return "cut short: its header is incomplete, and nothing of the recording can be read";
        case ViewError::damaged_header:
            return "damaged: its header makes no sense, and nothing of the recording can be read";
    }
    return "unknown error";
}

SessionView::SessionView(std::span<const std::byte> bytes) : bytes_(bytes) {
    error_ = check_header();
    if (error_ != ViewError::none) return;
    index_segments();
    index_pages();
}

ViewError SessionView::check_header() {
    if (bytes_.empty()) return ViewError::empty;
    constexpr size_t kVersionEnd = offsetof(Identity, version) + sizeof(uint32_t);
    if (bytes_.size() < kVersionEnd) {
        const size_t known = bytes_.size() < kMagic.size() ? bytes_.size() : kMagic.size();
        const bool ours = std::memcmp(bytes_.data(), kMagic.data(), known) == 0;
        return ours ? ViewError::cut_short : ViewError::not_heapdrift;
    }
    std::array<char, kMagic.size()> magic;
    std::memcpy(magic.data(), bytes_.data(), magic.size());
    if (magic == std::array<char, kMagic.size()>{}) {
        // Zeros at the head of some other file are no sign of ours, but the size is.
        return bytes_.size() % kSegmentSize == 0 ? ViewError::unfinished : ViewError::not_heapdrift;
    }
    if (magic != kMagic) return ViewError::not_heapdrift;
    uint32_t version;
    std::memcpy(&version, bytes_.data() + offsetof(Identity, version), sizeof version);
    if (version > kFormatVersion) return ViewError::newer_version;
    if (bytes_.size() < sizeof(Header)) return ViewError::cut_short;
    if (version == 0 || header().identity.segment_size != kSegmentSize)
        return ViewError::damaged_header;
    // One load: the recorder, or a stranger, may change it between two.
    const uint64_t claimed = header().control.segment_count.load(std::memory_order_acquire);
    if (claimed == 0) return ViewError::damaged_header;
    const uint64_t present = bytes_.size() / kSegmentSize;
    segment_count_ = static_cast<uint32_t>(claimed < present ? claimed : present);
    if (claimed * kSegmentSize > bytes_.size())
        missing_bytes_ = claimed * kSegmentSize - bytes_.size();
    return ViewError::none;
}

void SessionView::index_segments() {
    for (uint32_t number = 1; number < segment_count_; ++number) {
        const uint64_t offset = uint64_t{number} * kSegmentSize;
        const auto* segment = reinterpret_cast<const SegmentHeader*>(bytes_.data() + offset);
        // Acquire: pairs with the recorder's release of kind, its last store to the header.
        const auto kind = static_cast<uint32_t>(segment->kind.load(std::memory_order_acquire));
        const uint32_t ordinal = segment->ordinal;
        if (kind == static_cast<uint32_t>(SegmentKind::unused)) continue;
        // There cannot be more of a kind than there are segments; the check bounds our memory.
        if (kind >= kKinds || ordinal >= segment_count_) {
            note_damage(offset);
            continue;
        }
        std::vector<uint32_t>& numbers = segments_[kind];
        if (numbers.size() <= ordinal) numbers.resize(ordinal + 1);
        if (numbers[ordinal] != 0)
            note_damage(offset);
        else
            numbers[ordinal] = number;
    }
}

void SessionView::index_pages() {
    for (const uint32_t number : segments_[static_cast<size_t>(SegmentKind::pages)]) {
        if (number == 0) continue;
        const uint64_t offset = uint64_t{number} * kSegmentSize;
        const auto* segment = reinterpret_cast<const PageSegment*>(bytes_.data() + offset);
        for (uint32_t slot = 0; slot < kPagesPerSegment; ++slot) {
            const PageDescriptor& descriptor = segment->descriptors[slot];
            const PageKind kind = descriptor.kind.load(std::memory_order_acquire);
            if (kind == PageKind::unused) continue;
            if (kind > PageKind::small_undo) {
                note_damage(offset + offsetof(PageSegment, descriptors) +
                            slot * sizeof(PageDescriptor));
                continue;
            }
            pages_.push_back({kind, descriptor.table, descriptor.index,
                              reinterpret_cast<const std::byte*>(segment->pages[slot])});
        }
    }
}

void SessionView::note_damage(uint64_t offset) {
    if (damage_.count++ == 0) damage_.first_offset = offset;
}

std::vector<std::span<const std::byte>> SessionView::symbols() const {
    std::vector<std::span<const std::byte>> payloads;
    for (const uint32_t number : segments_[static_cast<size_t>(SegmentKind::symbols)]) {
        if (number == 0) break;
        payloads.push_back(bytes_.subspan(number * kSegmentSize + sizeof(SegmentHeader),
                                          kSegmentSize - sizeof(SegmentHeader)));
    }
    return payloads;
}

std::vector<const ScanSegment*> SessionView::scans() const {
    std::vector<const ScanSegment*> segments;
    for (const uint32_t number : segments_[static_cast<size_t>(SegmentKind::scan)])
        if (number != 0)
            segments.push_back(
                reinterpret_cast<const ScanSegment*>(bytes_.data() + number * kSegmentSize));
    return segments;
}

std::string_view bounded_text(const char* field, size_t size) {
    const void* end = std::memchr(field, '\0', size);
    return {field,
            end == nullptr ? size : static_cast<size_t>(static_cast<const char*>(end) - field)};
}

}  // namespace heapdrift
