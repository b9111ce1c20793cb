// Blocks that grow, but not for ever, or that are used again.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/evaluation/corpus/kinds.h"

namespace heapdrift::corpus {
namespace {

SITE void vector_used_again(Run& run) {
    static std::vector<int> items;
    items.clear();
    for (int i = run.events(200); i > 0; --i) items.push_back(i);
}

// As long as the longest line so far.
SITE void line_buffer(Run& run) {
    static char* line;
    static size_t room;
    for (int i = run.events(5); i > 0; --i) {
        const auto length = static_cast<size_t>(-80 * std::log(1 - run.uniform()));
        if (length < room) continue;
        room = length + 1;
        line = keep(static_cast<char*>(std::realloc(line, room)));
    }
}

// Written out and begun anew when it is long enough.
SITE void log_rotated(Run& run) {
    static std::string log;
    for (int i = run.events(5); i > 0; --i) log.append(run.size(40, 120), 'l');
    if (static_cast<double>(log.size()) < 400 * run.length(15)) return;
    log.clear();
    log.shrink_to_fit();
}

SITE void log_in_steps_rotated(Run& run) {
    static char* log;
    static size_t used;
    for (int i = run.events(5); i > 0; --i) {
        used += 256;
        log = keep(static_cast<char*>(std::realloc(log, used)));
    }
    if (static_cast<double>(used) < 1280 * run.length(12)) return;
    std::free(log);
    log = nullptr;
    used = 0;
}

// A table that has found its size.
SITE void table_filled_once(Run& run) {
    static std::vector<double> table;
    if (run.position() > 0.3) return;
    for (int i = run.events(30); i > 0; --i) table.push_back(1);
}

SITE void block_grown_to_a_limit(Run& run) {
    static char* block;
    static size_t size;
    for (int i = run.events(3); i > 0 && run.position() < 0.5; --i)
        block = keep(static_cast<char*>(std::realloc(block, size += 100)));
}

// Chunks from which objects are cut; all go at the end of a request that lasts for some rounds.
SITE void arena(Run& run) {
    static Block* chunks;
    static size_t left;
    static int until;
    for (int i = run.events(30); i > 0; --i) {
        const size_t size = run.size(16, 400);
        if (size > left) {
            push(chunks, allocate(4096));
            left = 4096;
        }
        left -= size;
    }
    if (run.round() < until) return;
    free_all(chunks);
    left = 0;
    until = run.end_of(4);
}

SITE void read_documents(Run& run) {
    for (int i = run.events(3); i > 0; --i) {
        std::string text;
        for (size_t length = run.size(5, 200); length > 0; --length) text += "some words";
        keep(text.data());
    }
}

constexpr Kind kKinds[] = {
    {"vector_used_again", Truth::none, "", vector_used_again},
    {"line_buffer", Truth::none, "", line_buffer},
    {"log_rotated", Truth::none, "", log_rotated},
    {"log_in_steps_rotated", Truth::none, "", log_in_steps_rotated},
    {"table_filled_once", Truth::none, "", table_filled_once},
    {"block_grown_to_a_limit", Truth::none, "", block_grown_to_a_limit},
    {"arena", Truth::none, "", arena},
    {"read_documents", Truth::none, "", read_documents},
};

}  // namespace

std::span<const Kind> reused_memory() {
    return kKinds;
}

}  // namespace heapdrift::corpus
