// Memory that follows what the program has to do.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "tests/evaluation/corpus/kinds.h"

namespace heapdrift::corpus {
namespace {

Calendar calendar;

// So many on average in this round, each of which lasts so long on average.
SITE void serve(Run& run, double mean, double length) {
    for (int i = run.events(mean); i > 0; --i) calendar.add(allocate(120), run.end_of(length));
    calendar.free_due(run);
}

void steady_load(Run& run) {
    serve(run, 15, 0.5);
}
void steady_load_that_lasts(Run& run) {
    serve(run, 4, 5);
}
void rising_load(Run& run) {
    serve(run, 25 * run.position(), 0.8);
}
void rising_load_that_lasts(Run& run) {
    serve(run, 8 * run.position(), 8);
}
void load_that_becomes_flat(Run& run) {
    serve(run, 15 * std::min(1.0, 2 * run.position()), 0.8);
}
void daily_load(Run& run) {
    serve(run, 12 * (1 + 0.8 * std::sin(4 * std::numbers::pi * run.position())), 0.8);
}
void few_long_sessions(Run& run) {
    serve(run, 0.5, 12);
}

SITE void lives_of_all_lengths(Run& run) {
    for (int i = run.events(10); i > 0; --i)
        calendar.add(allocate(80), run.end_of_heavy_tailed(0.3));
    calendar.free_due(run);
}

SITE void keep_alive(Run& run) {
    for (int i = run.events(20); i > 0; --i)
        calendar.add(allocate(150), run.end_of(run.chance(0.05) ? 9 : 0.3));
    calendar.free_due(run);
}

SITE void sawtooth(Run& run) {
    static Block* batch;
    static int since;
    for (int i = run.events(15); i > 0; --i) push(batch, allocate(60));
    if (++since < run.length(10)) return;
    since = 0;
    free_all(batch);
}

SITE void wide_sawtooth(Run& run) {
    static Block* batch;
    static int since;
    for (int i = run.events(8); i > 0; --i) push(batch, allocate(60));
    if (++since < run.length(20)) return;
    since = 0;
    free_all(batch);
}

// Blocks of all sizes that come and go leave holes: the process grows, what is live does not.
SITE void fragment(Run& run) {
    static Block* blocks[300];
    for (int i = run.events(25); i > 0; --i) {
        Block*& block = blocks[run.below(300)];
        std::free(block);
        block = allocate(run.size(16, 16 << run.below(9)));
    }
}

// A table for all that is going on, made larger and smaller with it.
SITE void table_follows_load(Run& run) {
    static std::vector<double> table;
    const double load = 1 + 0.9 * std::sin(6 * std::numbers::pi * run.position());
    table.assign(static_cast<size_t>(2000 * load) + run.below(100), 0.5);
    table.shrink_to_fit();
    keep(table.data());
}

constexpr Kind kKinds[] = {
    {"steady_load", Truth::none, "", steady_load},
    {"steady_load_that_lasts", Truth::none, "", steady_load_that_lasts},
    {"rising_load", Truth::none, "", rising_load},
    {"rising_load_that_lasts", Truth::none, "", rising_load_that_lasts},
    {"load_that_becomes_flat", Truth::none, "", load_that_becomes_flat},
    {"daily_load", Truth::none, "", daily_load},
    {"few_long_sessions", Truth::none, "", few_long_sessions},
    {"lives_of_all_lengths", Truth::none, "", lives_of_all_lengths},
    {"keep_alive", Truth::none, "", keep_alive},
    {"sawtooth", Truth::none, "", sawtooth},
    {"wide_sawtooth", Truth::none, "", wide_sawtooth},
    {"fragment", Truth::none, "", fragment},
    {"table_follows_load", Truth::none, "", table_follows_load},
};

}  // namespace

std::span<const Kind> passing_load() {
    return kKinds;
}

}  // namespace heapdrift::corpus
