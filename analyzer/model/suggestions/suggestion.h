// What a recording suggests to change. Each rule stands in a file of its own, says nothing unless
// its numbers prove what it claims, and names them: a suggestion that fires on every program is
// noise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "analyzer/model/leak_score.h"
#include "analyzer/model/profile.h"
#include "analyzer/model/site_history.h"

namespace heapdrift::model {

enum class Severity { low, medium, high };
const char* severity_name(Severity severity);

enum class Unit { bytes, count, seconds, share, bytes_per_second, score };
const char* unit_name(Unit unit);

struct Quantity {
    const char* name;  // in machine output; text shows it with blanks
    double value = 0;
    Unit unit = Unit::count;
};

struct Suggestion {
    const char* rule = "";
    Severity severity = Severity::low;
    std::optional<uint32_t> site;  // Site::id; nothing: it is about the process
    const char* finding = "";
    std::vector<Quantity> evidence;
    std::optional<Quantity> gain;  // at most; nothing where it cannot be told
    const char* action = "";       // how to try it
};

// Sites whose two innermost calls are the same, but for wrappers: what would be changed.
struct AllocatingPlace {
    Figures figures;
    uint32_t site = 0;  // Site::id of the one with most allocations
    uint64_t sites = 0;
    double most_live_blocks = 0;  // at once, of those in the history; 0 without
};

// What rules judge. The profile is at the history's last point.
struct Subject {
    const Profile& profile;
    const History& history;
    const std::vector<LeakScore>& leaks;  // those that are not suppressed
    std::optional<double> limit;          // of memory, in bytes
    bool limit_of_container = false;      // then it counts what the container is charged for
    std::vector<AllocatingPlace> places;  // of the heap

    double seconds() const { return profile.at_seconds(); }
    bool sampled() const { return profile.session.mode == Mode::sampled; }
    double live_bytes() const {
        return history.points.empty() ? 0 : history.points.back().heap_bytes;
    }
};
std::vector<AllocatingPlace> allocating_places(const Profile& profile, const History& history);

// nullptr where the profile has none: a filter removed it.
const Site* site_with(const Profile& profile, uint32_t id);

// nullptr where the history has none.
const SiteHistory* history_with(const History& history, uint32_t site);

struct NotJudged {
    const char* rule;
    const char* reason;
};

// What the rules found, in the order in which they were asked.
class Findings {
public:
    void add(Suggestion suggestion);
    void not_judged(const char* rule, const char* reason) { not_judged_.push_back({rule, reason}); }
    // Whether an earlier rule spoke of the site, so that a weaker one need not.
    bool named(uint32_t site) const { return named_.contains(site); }

    std::vector<Suggestion> suggestions;
    const std::vector<NotJudged>& left_out() const { return not_judged_; }

private:
    std::vector<NotJudged> not_judged_;
    std::unordered_set<uint32_t> named_;
};

// The gravest first; of one severity in the order of the rules.
Findings suggest(const Subject& subject);

}  // namespace heapdrift::model
