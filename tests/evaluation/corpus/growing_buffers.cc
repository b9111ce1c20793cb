// One block, or a few, that become ever larger.
#include <cstring>
#include <string>
#include <vector>

#include "tests/evaluation/corpus/kinds.h"

namespace heapdrift::corpus {
namespace {

// A block that is made larger by a fixed step when it is full.
struct Buffer {
    char* bytes;
    size_t used;
    size_t room;
};

SITE void make_room(Buffer& buffer, size_t step) {
    buffer.room += step;
    buffer.bytes = keep(static_cast<char*>(std::realloc(buffer.bytes, buffer.room)));
}

void append(Buffer& buffer, size_t size, size_t step) {
    while (buffer.used + size > buffer.room) make_room(buffer, step);
    std::memset(buffer.bytes + buffer.used, 'x', size);
    buffer.used += size;
}

void log_in_one_block(Run& run) {
    static Buffer log;
    for (int i = run.events(5); i > 0; --i) append(log, run.size(50, 150), 512);
}

void logs_of_connections(Run& run) {
    static Buffer logs[8];
    for (int i = run.events(6); i > 0; --i) append(logs[run.below(8)], run.size(50, 200), 256);
}

SITE void double_room(Buffer& buffer) {
    buffer.room = buffer.room == 0 ? 64 : 2 * buffer.room;
    buffer.bytes = keep(static_cast<char*>(std::realloc(buffer.bytes, buffer.room)));
}
void log_in_doubled_block(Run& run) {
    static Buffer log;
    for (int i = run.events(5); i > 0; --i) {
        const size_t size = run.size(50, 150);
        while (log.used + size > log.room) double_room(log);
        log.used += size;
    }
}

SITE void append_to_text(Run& run) {
    static std::string text;
    for (int i = run.events(4); i > 0; --i) text.append(run.size(30, 90), 't');
}

SITE void append_numbers(Run& run) {
    static std::vector<double> samples;
    for (int i = run.events(20); i > 0; --i) samples.push_back(run.uniform());
}

// Copied into a new block of just the right size.
SITE void copy_with_one_more(Run& run) {
    static char* table;
    static size_t entries;
    for (int i = run.events(0.8); i > 0; --i) {
        char* const larger = keep(static_cast<char*>(std::malloc(32 * (entries + 1))));
        if (table != nullptr) std::memcpy(larger, table, 32 * entries);
        std::free(table);
        table = larger;
        ++entries;
    }
}

constexpr Kind kKinds[] = {
    {"log_in_one_block", Truth::growth, "make_room", log_in_one_block},
    {"logs_of_connections", Truth::growth, "make_room", logs_of_connections},
    {"log_in_doubled_block", Truth::growth, "double_room", log_in_doubled_block},
    {"append_to_text", Truth::growth, "append_to_text", append_to_text},
    {"append_numbers", Truth::growth, "append_numbers", append_numbers},
    {"copy_with_one_more", Truth::growth, "copy_with_one_more", copy_with_one_more},
};

}  // namespace

std::span<const Kind> growing_buffers() {
    return kKinds;
}

}  // namespace heapdrift::corpus
