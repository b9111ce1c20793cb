// Containers that are only ever added to.
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/evaluation/corpus/kinds.h"

namespace heapdrift::corpus {
namespace {

std::string fresh_name(Run& run, const char* what) {
    static uint64_t number;
    return std::string(what) + " of the program, number " + std::to_string(++number) + " in " +
           std::to_string(run.round());
}

SITE void append_to_list(Run& run) {
    static Block* list;
    for (int i = run.events(2); i > 0; --i) push(list, allocate(80));
}

SITE void cache_without_limit(Run& run) {
    static std::map<std::string, std::string> cache;
    for (int i = run.events(2); i > 0; --i)
        cache[fresh_name(run, "key")] = fresh_name(run, "value");
}

SITE void intern_string(Run& run) {
    static std::set<std::string> names;
    for (int i = run.events(3); i > 0; --i) names.insert(fresh_name(run, "identifier"));
}

// Half of the names are old ones.
SITE void count_by_label(Run& run) {
    static std::unordered_map<std::string, uint64_t> counts;
    for (int i = run.events(4); i > 0; --i) {
        if (run.chance(0.5))
            ++counts["a label that is used again and again, " + std::to_string(run.below(30))];
        else
            ++counts[fresh_name(run, "label")];
    }
}

SITE void subscribe(Run& run) {
    static std::list<std::function<int()>> listeners;
    static int sum;
    for (int i = run.events(1); i > 0; --i) {
        const std::string name = fresh_name(run, "listener");
        listeners.emplace_back([name] { return static_cast<int>(name.size()); });
    }
    if (!listeners.empty()) sum += listeners.front()();
}

SITE void log_line(Run& run) {
    static std::deque<std::string> lines;
    for (int i = run.events(3); i > 0; --i) lines.push_back(fresh_name(run, "message"));
}

struct Entity {
    std::vector<int> parts;
    char state[60] = {};
};

SITE void spawn_entity(Run& run) {
    static std::vector<std::unique_ptr<Entity>> entities;
    for (int i = run.events(1); i > 0; --i) {
        entities.push_back(std::make_unique<Entity>());
        entities.back()->parts.assign(run.size(2, 20), 1);
    }
}

// The list of the least recently used is cut; the map that finds its entries is not.
SITE void cache_cut_by_half(Run& run) {
    static std::list<std::string> order;
    static std::map<std::string, std::string> entries;
    for (int i = run.events(2); i > 0; --i) {
        const std::string key = fresh_name(run, "key");
        order.push_front(key);
        entries[key] = "value";
        if (order.size() > 60) order.pop_back();
    }
}

// Entries expire, but only a look at the same key would remove one.
SITE void expire_on_lookup(Run& run) {
    static std::unordered_map<uint64_t, std::pair<int, std::string>> entries;
    static uint64_t next;
    for (int i = run.events(3); i > 0; --i) {
        const uint64_t key = run.chance(0.3) && next > 0 ? run.below(next) : ++next;
        const auto found = entries.find(key);
        if (found != entries.end() && found->second.first < run.round()) entries.erase(found);
        entries[key] = {run.end_of(5), std::string(40, 'e')};
    }
}

SITE void record_for_undo(Run& run) {
    static std::vector<std::function<void()>> history;
    for (int i = run.events(1); i > 0; --i) {
        auto before = std::make_shared<std::string>(run.size(20, 300), 'b');
        history.emplace_back([before] { keep(before->data()); });
    }
}

// What produces is a little faster than what consumes.
SITE void queue_up(Run& run) {
    static Block* first;
    static Block** end = &first;
    for (int i = run.events(10); i > 0; --i) {
        *end = allocate(100);
        end = &(*end)->next;
    }
    for (int i = run.events(8); i > 0 && first != nullptr; --i) {
        Block* const done = first;
        first = first->next;
        if (first == nullptr) end = &first;
        std::free(done);
    }
}

constexpr Kind kKinds[] = {
    {"append_to_list", Truth::growth, "append_to_list", append_to_list},
    {"cache_without_limit", Truth::growth, "cache_without_limit", cache_without_limit},
    {"intern_string", Truth::growth, "intern_string", intern_string},
    {"count_by_label", Truth::growth, "count_by_label", count_by_label},
    {"subscribe", Truth::growth, "subscribe", subscribe},
    {"log_line", Truth::growth, "log_line", log_line},
    {"spawn_entity", Truth::growth, "spawn_entity", spawn_entity},
    {"cache_cut_by_half", Truth::growth, "cache_cut_by_half", cache_cut_by_half},
    {"expire_on_lookup", Truth::growth, "expire_on_lookup", expire_on_lookup},
    {"record_for_undo", Truth::growth, "record_for_undo", record_for_undo},
    {"queue_up", Truth::growth, "queue_up", queue_up},
};

}  // namespace

std::span<const Kind> growing_containers() {
    return kKinds;
}

}  // namespace heapdrift::corpus
