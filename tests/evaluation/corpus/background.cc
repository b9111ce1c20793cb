// A small server: requests, sessions, a cache, tables that it sets up.
#include "tests/evaluation/corpus/kinds.h"

namespace heapdrift::corpus {
namespace {

SITE void handle_requests(Run& run) {
    for (int i = run.events(40); i > 0; --i) {
        Block* const request = allocate(run.size(30, 300));
        Block* const answer = allocate(run.size(100, 900));
        std::free(request);
        std::free(answer);
    }
}

SITE void keep_sessions(Run& run) {
    static Calendar sessions;
    for (int i = run.events(3); i > 0; --i) sessions.add(allocate(200), run.end_of(5));
    sessions.free_due(run);
}

SITE void use_cache(Run& run) {
    static Block* entries[120];
    for (int i = run.events(10); i > 0; --i) {
        Block*& entry = entries[run.below(120)];
        std::free(entry);
        entry = allocate(150);
    }
}

SITE void set_up_tables(Run& run) {
    static Block* tables;
    if (run.position() >= 0.1) return;
    for (int i = run.events(5); i > 0; --i) push(tables, allocate(run.size(50, 500)));
}

SITE void work_in_batches(Run& run) {
    static Block* batch;
    static int since;
    for (int i = run.events(6); i > 0; --i) push(batch, allocate(80));
    if (++since < run.length(9)) return;
    since = 0;
    free_all(batch);
}

}  // namespace

void work_in_background(Run& run) {
    handle_requests(run);
    keep_sessions(run);
    use_cache(run);
    set_up_tables(run);
    work_in_batches(run);
}

}  // namespace heapdrift::corpus
