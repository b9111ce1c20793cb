#include "analyzer/model/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace heapdrift::model {

namespace {

bool same_session(const Profile& a, const Profile& b) {
    return a.session.foreign_recorder.empty() && b.session.foreign_recorder.empty() &&
           a.session.pid == b.session.pid && a.session.image == b.session.image &&
           a.session.process_start_ticks == b.session.process_start_ticks &&
           a.session.started_realtime_ns == b.session.started_realtime_ns;
}

// Build-ids (of one session also paths) that both sides have.
class SharedModules {
public:
    SharedModules(const Profile& a, const Profile& b) : paths_too_(same_session(a, b)) {
        std::unordered_set<std::string> of_a;
        for (const Module& module : a.modules) of_a.insert(identity(module));
        for (const Module& module : b.modules)
            if (of_a.contains(identity(module))) shared_.insert(identity(module));
        shared_.erase("");
    }
    bool contains(const Module& module) const { return shared_.contains(identity(module)); }
    bool absolute_addresses_agree() const { return paths_too_; }

    std::string identity(const Module& module) const {
        if (!module.build_id.empty()) return module.build_id;
        return paths_too_ ? module.path : "";
    }

private:
    bool paths_too_;
    std::unordered_set<std::string> shared_;
};

std::string address_key(const Profile& profile, uint32_t address, const SharedModules& shared) {
    const CodeAddress& code = profile.addresses[address];
    if (code.module >= profile.modules.size())
        return shared.absolute_addresses_agree() || code.kind == FrameKind::label
                   ? fmt::format("{:#x}", code.offset)
                   : "?";
    const Module& module = profile.modules[code.module];
    if (shared.contains(module))
        return fmt::format("{}+{:#x}", shared.identity(module), code.offset);
    std::string key;
    for (const Frame& frame : frames_of_address(profile, address)) {
        if (!key.empty()) key += '\x1e';
        key += fmt::format("{}|{}|{}", frame.function.empty() ? "?" : frame.function, frame.file,
                           base_name(frame.module));
    }
    return key;
}

// Numbers for the frame keys of both sides, so that a stack is compared as a row of numbers.
class FrameNumbers {
public:
    std::vector<uint32_t> of(const Profile& profile, const SharedModules& shared) {
        std::vector<uint32_t> of_addresses;
        of_addresses.reserve(profile.addresses.size());
        for (uint32_t address = 0; address < profile.addresses.size(); ++address)
            of_addresses.push_back(numbers_
                                       .emplace(address_key(profile, address, shared),
                                                static_cast<uint32_t>(numbers_.size()))
                                       .first->second);
        return of_addresses;
    }

private:
    std::unordered_map<std::string, uint32_t> numbers_;
};

std::u32string stack_key(const Profile& profile, const Site& site,
                         const std::vector<uint32_t>& numbers) {
    std::u32string key{static_cast<char32_t>(site.domain), static_cast<char32_t>(site.ignored)};
    for (const uint32_t address : profile.frames_of(site))
        key += static_cast<char32_t>(numbers[address]);
    return key;
}

// For the order of rows that are equal in every figure.
std::string traceback_text(const Profile& profile, const Site& site) {
    std::string text;
    for (const uint32_t address : profile.frames_of(site))
        for (const Frame& frame : frames_of_address(profile, address))
            text += frame_text(frame) + '\n';
    return text;
}

template <typename Key>
class Matcher {
public:
    void add(const Key& key, const Row& row, bool is_new) {
        const auto [entry, added] = positions_.emplace(key, rows_.size());
        if (added) {
            rows_.emplace_back();
            rows_.back().only_in = is_new ? OnlyIn::new_side : OnlyIn::old_side;
            rows_.back().key = row.key;
            rows_.back().domain = row.domain;
        }
        DiffRow& into = rows_[entry->second];
        if (is_new && into.only_in == OnlyIn::old_side) {
            into.only_in = OnlyIn::both;
            into.site.reset();
        }
        if (!into.site) into.site = row.site;
        (is_new ? into.new_figures : into.old_figures) += row.figures;
    }
    std::vector<DiffRow> take() { return std::move(rows_); }

private:
    std::unordered_map<Key, size_t> positions_;
    std::vector<DiffRow> rows_;
};

std::vector<DiffRow> diff_tracebacks(const Profile& old_profile, const Profile& new_profile) {
    const SharedModules shared(old_profile, new_profile);
    FrameNumbers numbers;
    Matcher<std::u32string> matcher;
    for (const Profile* profile : {&old_profile, &new_profile}) {
        const std::vector<uint32_t> of_addresses = numbers.of(*profile, shared);
        for (const Row& row : aggregate(*profile, {GroupBy::traceback, false}))
            matcher.add(stack_key(*profile, profile->sites[row.site], of_addresses), row,
                        profile == &new_profile);
    }
    std::vector<DiffRow> rows = matcher.take();
    for (DiffRow& row : rows) {
        const Profile& profile = row.only_in == OnlyIn::old_side ? old_profile : new_profile;
        row.key = traceback_text(profile, profile.sites[*row.site]);
    }
    return rows;
}

uint64_t magnitude(int64_t delta) {
    return delta < 0 ? uint64_t{0} - static_cast<uint64_t>(delta) : static_cast<uint64_t>(delta);
}

}  // namespace

const char* only_in_name(OnlyIn only_in) {
    switch (only_in) {
        case OnlyIn::old_side:
            return "old";
        case OnlyIn::new_side:
            return "new";
        case OnlyIn::both:
            return "both";
    }
    return "unknown";
}

std::vector<DiffRow> diff(const Profile& old_profile, const Profile& new_profile,
                          const Grouping& grouping) {
    if (grouping.group_by == GroupBy::traceback) return diff_tracebacks(old_profile, new_profile);
    Matcher<std::string> matcher;
    for (const Profile* profile : {&old_profile, &new_profile})
        for (const Row& row : aggregate(*profile, grouping))
            matcher.add(row.key, row, profile == &new_profile);
    std::vector<DiffRow> rows = matcher.take();
    for (DiffRow& row : rows) row.site.reset();
    return rows;
}

void sort_rows(std::vector<DiffRow>& rows, Column column) {
    const auto rank = [column](const DiffRow& row) {
        return std::tuple(magnitude(row.delta(column)), value(row.new_figures, column),
                          magnitude(row.delta(Column::live_allocations)),
                          row.new_figures.live_allocations, std::string_view(row.key));
    };
    std::ranges::stable_sort(rows,
                             [&](const DiffRow& a, const DiffRow& b) { return rank(a) > rank(b); });
}

void sort_rows(std::vector<DiffRow>& rows) {
    sort_rows(rows, Column::live_bytes);
}

}  // namespace heapdrift::model
