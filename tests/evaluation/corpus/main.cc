// A program of the corpus: corpus KIND [SEED RATE LIFETIME ROUNDS ROUND_US] does the work of one
// kind, a round each ROUND_US (0: as fast as it can); corpus --list names the kinds, with their
// truth and the functions that allocate what leaks.
#include <time.h>

#include <cstdio>
#include <cstring>
#include <vector>

#include "tests/evaluation/corpus/kinds.h"

namespace heapdrift::corpus {
namespace {

std::vector<Kind> all_kinds() {
    std::vector<Kind> kinds;
    for (const auto& group :
         {lost_blocks(), lost_objects(), lost_in_threads(), growing_containers(),
          growing_requests(), growing_buffers(), bounded_caches(), passing_load(), filled_once(),
          reused_memory(), hard_to_reach()})
        kinds.insert(kinds.end(), group.begin(), group.end());
    return kinds;
}

// Rounds begin on a grid of absolute times, so that a busy machine makes no round longer.
void wait_until(timespec time, int64_t nanoseconds) {
    nanoseconds += time.tv_nsec;
    time.tv_sec += nanoseconds / 1'000'000'000;
    time.tv_nsec = nanoseconds % 1'000'000'000;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr) != 0) continue;
}

void work(const Kind& kind, Run& run, int64_t round_us) {
    timespec start{};
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (; run.round() < run.rounds(); run.next_round()) {
        if (round_us > 0) wait_until(start, run.round() * round_us * 1000);
        work_in_background(run);
        kind.work(run);
    }
}

void list() {
    constexpr const char* kTruths[] = {"lost", "growth", "none"};
    for (const Kind& kind : all_kinds())
        std::printf("%s %s %s\n", kTruths[static_cast<int>(kind.truth)], kind.name, kind.sites);
}

}  // namespace
}  // namespace heapdrift::corpus

int main(int argc, char** argv) {
    using namespace heapdrift::corpus;
    if (argc == 2 && std::strcmp(argv[1], "--list") == 0) return list(), 0;
    const auto number = [&](int index, double otherwise) {
        return argc > index ? std::atof(argv[index]) : otherwise;
    };
    for (const Kind& kind : all_kinds()) {
        if (argc < 2 || std::strcmp(kind.name, argv[1]) != 0) continue;
        // Static: what is on the stack of main leads to nothing.
        static Run run(static_cast<uint64_t>(number(2, 1)), number(3, 1), number(4, 1),
                       static_cast<int>(number(5, 140)));
        work(kind, run, static_cast<int64_t>(number(6, 10000)));
        return 0;
    }
    std::fprintf(stderr, "usage: %s KIND [SEED RATE LIFETIME ROUNDS ROUND_US], or --list\n",
                 argv[0]);
    return 2;
}
