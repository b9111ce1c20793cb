// What a program builds up for good, up to some point.
#include <pthread.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/evaluation/corpus/kinds.h"

namespace heapdrift::corpus {
namespace {

Block* kept;

SITE void set_up(Run& run) {
    if (run.round() == 0)
        for (int i = 0; i < 300; ++i) push(kept, allocate(run.size(20, 500)));
}

SITE void warm_up(Run& run) {
    if (run.position() < 0.2)
        for (int i = run.events(8); i > 0; --i) push(kept, allocate(60));
}

SITE void fill_slowly(Run& run) {
    if (run.position() < 0.6)
        for (int i = run.events(3); i > 0; --i) push(kept, allocate(60));
}

// Each of a finite number of names is kept when it is first seen.
SITE void intern_finite(Run& run) {
    static std::set<std::string> names;
    for (int i = run.events(25); i > 0; --i)
        names.insert("a name of the program, number " + std::to_string(run.below(300)));
}

SITE void fill_table_lazily(Run& run) {
    static Block* table[200];
    for (int i = run.events(20); i > 0; --i) {
        Block*& entry = table[run.below(200)];
        if (entry == nullptr) entry = allocate(100);
    }
}

// As many as were ever in use at once.
SITE void pool_objects(Run& run) {
    static Block* unused;
    static Block* used[4097];
    for (int i = run.events(20); i > 0; --i) {
        Block* object = unused;
        if (object == nullptr)
            object = allocate(200);
        else
            unused = unused->next;
        push(used[std::min(run.end_of(0.7), 4096)], object);
    }
    while (Block* const object = used[run.round()]) {
        used[run.round()] = object->next;
        push(unused, object);
    }
}

// A few modules, each loaded when it is first asked for.
SITE void load_modules(Run& run) {
    static std::map<size_t, std::vector<std::string>> modules;
    if (!run.chance(0.2)) return;
    std::vector<std::string>& symbols = modules[run.below(6)];
    if (symbols.empty()) symbols.assign(10, std::string(40, 's'));
}

void* wait_for_work(void*) {
    keep(kept);
    return nullptr;
}
SITE void start_threads(Run& run) {
    if (run.position() > 0.15 || !run.chance(0.2)) return;
    pthread_t thread;
    if (pthread_create(&thread, nullptr, wait_for_work, nullptr) == 0)
        pthread_join(thread, nullptr);
}

// All of the configuration is replaced now and then.
SITE void load_configuration(Run& run) {
    static std::map<std::string, std::string> settings;
    if (run.round() % std::max(1, static_cast<int>(run.length(12))) != 0) return;
    std::map<std::string, std::string> fresh;
    for (int i = 0; i < 60; ++i)
        fresh["a setting with a long name, number " + std::to_string(i)] = std::string(40, 'c');
    settings.swap(fresh);
}

constexpr Kind kKinds[] = {
    {"set_up", Truth::none, "", set_up},
    {"warm_up", Truth::none, "", warm_up},
    {"fill_slowly", Truth::none, "", fill_slowly},
    {"intern_finite", Truth::none, "", intern_finite},
    {"fill_table_lazily", Truth::none, "", fill_table_lazily},
    {"pool_objects", Truth::none, "", pool_objects},
    {"load_modules", Truth::none, "", load_modules},
    {"start_threads", Truth::none, "", start_threads},
    {"load_configuration", Truth::none, "", load_configuration},
};

}  // namespace

std::span<const Kind> filled_once() {
    return kKinds;
}

}  // namespace heapdrift::corpus
