// A share of what a server does is kept for ever, in all rhythms. What is kept is in a list.
#include <cmath>
#include <numbers>
#include <string>

#include "tests/evaluation/corpus/kinds.h"

namespace heapdrift::corpus {
namespace {

Block* kept;

SITE void one_percent(Run& run) {
    for (int i = run.events(200); i > 0; --i) {
        Block* const request = allocate(run.size(50, 150));
        if (run.chance(0.01))
            push(kept, request);
        else
            std::free(request);
    }
}

SITE void one_in_thousand(Run& run) {
    for (int i = run.events(1000); i > 0; --i) {
        Block* const request = allocate(64);
        if (run.chance(0.001))
            push(kept, request);
        else
            std::free(request);
    }
}

// All from one place, most with a life of their own.
SITE void one_connection_in_ten(Run& run) {
    static Calendar closing;
    for (int i = run.events(4); i > 0; --i) {
        Block* const connection = allocate(400);
        if (run.chance(0.1))
            push(kept, connection);
        else
            closing.add(connection, run.end_of(4));
    }
    closing.free_due(run);
}

SITE void few_among_long_lives(Run& run) {
    static Calendar closing;
    for (int i = run.events(5); i > 0; --i) {
        Block* const session = allocate(120);
        if (run.chance(0.06))
            push(kept, session);
        else
            closing.add(session, run.end_of_heavy_tailed(1));
    }
    closing.free_due(run);
}

SITE void in_bursts(Run& run) {
    if (!run.chance(0.1)) return;
    for (int i = run.events(8); i > 0; --i) push(kept, allocate(90));
}

SITE void since_a_third(Run& run) {
    if (run.position() < 0.35) return;
    for (int i = run.events(2); i > 0; --i) push(kept, allocate(90));
}

SITE void since_half(Run& run) {
    for (int i = run.events(6); i > 0; --i) {
        Block* const request = allocate(70);
        if (run.position() > 0.5 && run.chance(0.5))
            push(kept, request);
        else
            std::free(request);
    }
}

SITE void slowly(Run& run) {
    for (int i = run.events(0.3); i > 0; --i) push(kept, allocate(1000));
}

SITE void in_phases(Run& run) {
    const auto phase = static_cast<int>(run.position() * 100 / 7);
    if (phase % 2 == 1) return;
    for (int i = run.events(2); i > 0; --i) push(kept, allocate(60));
}

SITE void under_daily_load(Run& run) {
    static Calendar answers;
    const double load = 1 + 0.8 * std::sin(4 * std::numbers::pi * run.position());
    for (int i = run.events(20 * load); i > 0; --i) {
        Block* const answer = allocate(90);
        if (run.chance(0.02))
            push(kept, answer);
        else
            answers.add(answer, run.end_of(0.7));
    }
    answers.free_due(run);
}

SITE void beside_a_cache(Run& run) {
    static Block* entries[100];
    for (int i = run.events(12); i > 0; --i) {
        Block*& entry = entries[run.below(100)];
        if (run.chance(0.08))
            push(kept, entry == nullptr ? allocate(10) : entry);
        else
            std::free(entry);
        entry = allocate(100);
    }
}

SITE void beside_batches(Run& run) {
    static Block* batch;
    static int since;
    for (int i = run.events(15); i > 0; --i) {
        Block* const item = allocate(48);
        push(run.chance(0.06) ? kept : batch, item);
    }
    if (++since < run.length(8)) return;
    since = 0;
    free_all(batch);
}

// Each object brings what it consists of.
SITE void with_their_parts(Run& run) {
    for (int i = run.events(0.8); i > 0; --i) {
        Block* const document = allocate(40);
        for (size_t part = run.size(2, 6); part > 0; --part) {
            Block* const each = allocate(run.size(20, 400));
            each->other = document->other;
            document->other = each;
        }
        push(kept, document);
    }
}

// libc keeps every value that a variable of the environment ever had.
SITE void set_variable(Run& run) {
    static uint64_t number;
    for (int i = run.events(2); i > 0; --i) {
        const std::string value = "a value of some length: " + std::to_string(++number);
        setenv("HEAPDRIFT_CORPUS", value.c_str(), 1);
    }
}

constexpr Kind kKinds[] = {
    {"one_percent", Truth::growth, "one_percent", one_percent},
    {"one_in_thousand", Truth::growth, "one_in_thousand", one_in_thousand},
    {"one_connection_in_ten", Truth::growth, "one_connection_in_ten", one_connection_in_ten},
    {"few_among_long_lives", Truth::growth, "few_among_long_lives", few_among_long_lives},
    {"in_bursts", Truth::growth, "in_bursts", in_bursts},
    {"since_a_third", Truth::growth, "since_a_third", since_a_third},
    {"since_half", Truth::growth, "since_half", since_half},
    {"slowly", Truth::growth, "slowly", slowly},
    {"in_phases", Truth::growth, "in_phases", in_phases},
    {"under_daily_load", Truth::growth, "under_daily_load", under_daily_load},
    {"beside_a_cache", Truth::growth, "beside_a_cache", beside_a_cache},
    {"beside_batches", Truth::growth, "beside_batches", beside_batches},
    {"with_their_parts", Truth::growth, "with_their_parts", with_their_parts},
    {"set_variable", Truth::growth, "set_variable", set_variable},
};

}  // namespace

std::span<const Kind> growing_requests() {
    return kKinds;
}

}  // namespace heapdrift::corpus
