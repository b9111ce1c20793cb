#include "analyzer/model/filter.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>

#include "analyzer/model/allocator_wrapper.h"
#include "analyzer/model/failure.h"

namespace heapdrift::model {

void Pattern::Free::operator()(regex_t* compiled) const {
    regfree(compiled);
    delete compiled;
}

Pattern::Pattern(const std::string& expression) {
    auto* const compiled = new regex_t;
    const int error = regcomp(compiled, expression.c_str(), REG_EXTENDED | REG_NOSUB);
    if (error != 0) {
        char reason[128];
        regerror(error, compiled, reason, sizeof reason);
        delete compiled;
        throw UsageFailure(fmt::format("'{}' is not a regular expression: {}", expression, reason));
    }
    compiled_.reset(compiled);
}

bool Pattern::matches(const std::string& text) const {
    return regexec(compiled_.get(), text.c_str(), 0, nullptr, 0) == 0;
}

namespace {

bool matches_any(const std::vector<std::string>& patterns, const std::string& file) {
    return std::ranges::any_of(patterns, [&](const std::string& pattern) {
        return fnmatch(pattern.c_str(), file.c_str(), 0) == 0;
    });
}

// What a filter says of one address, so that each is asked once and not once for each stack.
struct Verdict {
    bool focus = false;
    bool ignore = false;
    bool include = false;
    bool exclude = false;
    bool wrapper = true;  // every frame here is an allocator wrapper
};

bool matches_frame(const Pattern& pattern, const Frame& frame) {
    return pattern.matches(frame.function) || pattern.matches(frame.file) ||
           pattern.matches(frame.module);
}

Verdict judge(const Filter& filter, const std::vector<Frame>& frames) {
    Verdict verdict;
    for (const Frame& frame : frames) {
        verdict.focus = verdict.focus || (filter.focus && matches_frame(*filter.focus, frame));
        verdict.ignore = verdict.ignore || (filter.ignore && matches_frame(*filter.ignore, frame));
        const bool wrapper = is_allocator_wrapper(frame.function);
        // Of the allocating address only its first frame that is no wrapper counts.
        if (filter.all_frames || (verdict.wrapper && !wrapper)) {
            verdict.include = verdict.include || matches_any(filter.include, frame.file);
            verdict.exclude = verdict.exclude || matches_any(filter.exclude, frame.file);
        }
        verdict.wrapper = verdict.wrapper && wrapper;
    }
    return verdict;
}

bool keeps(const Filter& filter, const Site& site, std::span<const uint32_t> frames,
           const std::vector<Verdict>& verdicts) {
    if (!filter.domains.empty() &&
        std::ranges::find(filter.domains, site.domain) == filter.domains.end())
        return false;
    bool focus = false;
    bool include = false;
    bool allocating_seen = false;
    for (const uint32_t address : frames) {
        const Verdict& verdict = verdicts[address];
        if (filter.ignore && verdict.ignore) return false;
        focus = focus || verdict.focus;
        if (filter.all_frames || (!allocating_seen && !verdict.wrapper)) {
            if (verdict.exclude) return false;
            include = include || verdict.include;
        }
        allocating_seen = allocating_seen || !verdict.wrapper;
    }
    return (!filter.focus || focus) && (filter.include.empty() || include);
}

}  // namespace

bool Filter::outside_totals() const {
    return !domains.empty() && std::ranges::none_of(domains, domain_in_total);
}

void apply(const Filter& filter, Profile& profile) {
    if (filter.empty()) return;
    std::vector<Verdict> verdicts;
    for (uint32_t address = 0; address < profile.addresses.size(); ++address)
        verdicts.push_back(judge(filter, frames_of_address(profile, address)));
    std::erase_if(profile.sites, [&](const Site& site) {
        return !keeps(filter, site, profile.frames_of(site), verdicts);
    });
}

}  // namespace heapdrift::model
