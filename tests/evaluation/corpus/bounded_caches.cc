// Caches and queues with a limit.
#include <cmath>
#include <list>
#include <map>
#include <string>
#include <unordered_map>

#include "tests/evaluation/corpus/kinds.h"

namespace heapdrift::corpus {
namespace {

// By Zipf's law, as far as a power of a uniform number goes.
uint64_t popular_key(Run& run, double keys) {
    return static_cast<uint64_t>(std::pow(keys, run.uniform()));
}

SITE void least_recently_used(Run& run) {
    using Entry = std::pair<uint64_t, std::string>;
    static std::list<Entry> order;
    static std::unordered_map<uint64_t, std::list<Entry>::iterator> entries;
    for (int i = run.events(30); i > 0; --i) {
        const uint64_t key = popular_key(run, 3000);
        if (const auto found = entries.find(key); found != entries.end()) {
            order.splice(order.begin(), order, found->second);
            continue;
        }
        order.emplace_front(key, std::string(50, 'v'));
        entries[key] = order.begin();
        if (order.size() <= 150) continue;
        entries.erase(order.back().first);
        order.pop_back();
    }
}

SITE void random_replacement(Run& run) {
    static Block* entries[150];
    for (int i = run.events(12); i > 0; --i) {
        Block*& entry = entries[run.below(150)];
        std::free(entry);
        entry = allocate(70);
    }
}

SITE void first_in_first_out(Run& run) {
    static Block* ring[200];
    static size_t next;
    for (int i = run.events(20); i > 0; --i) {
        Block*& entry = ring[next++ % 200];
        std::free(entry);
        entry = allocate(120);
    }
}

SITE void time_to_live(Run& run) {
    static Calendar entries;
    for (int i = run.events(8); i > 0; --i)
        entries.add(allocate(90), run.round() + 1 + static_cast<int>(run.length(7)));
    entries.free_due(run);
}

// Emptied as a whole when it is full.
SITE void memo_table(Run& run) {
    static std::map<uint64_t, std::string> table;
    for (int i = run.events(15); i > 0; --i) {
        table.try_emplace(run.below(100'000), std::string(30, 'm'));
        if (table.size() > 250) table.clear();
    }
}

SITE void history_of_limited_length(Run& run) {
    static std::list<std::string> history;
    for (int i = run.events(3); i > 0; --i) {
        history.push_back(std::string(run.size(20, 200), 'h'));
        if (history.size() > 100) history.pop_front();
    }
}

// Half a generation is thrown away, the rest grows old.
SITE void two_generations(Run& run) {
    static Block* young;
    static Block* old;
    static int since;
    for (int i = run.events(10); i > 0; --i) push(young, allocate(60));
    if (++since < run.length(6)) return;
    since = 0;
    free_all(old);
    old = young;
    young = nullptr;
}

// A queue that fills now and then, and whose end is never reached.
SITE void bounded_queue_under_load(Run& run) {
    static Block* queue;
    static int length;
    for (int i = run.events(run.round() % 20 < 10 ? 14 : 6); i > 0 && length < 120; --i, ++length)
        push(queue, allocate(100));
    for (int i = run.events(10); i > 0 && queue != nullptr; --i, --length) {
        Block* const done = queue;
        queue = queue->next;
        std::free(done);
    }
}

constexpr Kind kKinds[] = {
    {"least_recently_used", Truth::none, "", least_recently_used},
    {"random_replacement", Truth::none, "", random_replacement},
    {"first_in_first_out", Truth::none, "", first_in_first_out},
    {"time_to_live", Truth::none, "", time_to_live},
    {"memo_table", Truth::none, "", memo_table},
    {"history_of_limited_length", Truth::none, "", history_of_limited_length},
    {"two_generations", Truth::none, "", two_generations},
    {"bounded_queue_under_load", Truth::none, "", bounded_queue_under_load},
};

}  // namespace

std::span<const Kind> bounded_caches() {
    return kKinds;
}

}  // namespace heapdrift::corpus
