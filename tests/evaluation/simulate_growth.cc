// How good the score of `leaks` is on simulated sites: simulate_growth SEED PROCESSES [SNAPSHOTS…].
// For each kind the share of processes scored at or above 0.5 and 0.7, and the mean score.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tests/evaluation/growth_cases.h"

namespace heapdrift::testing {
namespace {

struct Shares {
    double likely = 0;
    double leak = 0;
    double mean = 0;
};

Shares shares_of(const GrowthCase& kind, size_t snapshots, size_t processes, uint64_t seed) {
    Random random(seed);
    Shares shares;
    const double one = 1 / static_cast<double>(processes);
    for (size_t i = 0; i < processes; ++i) {
        const double score = score_of(simulate(kind, snapshots, random));
        shares.likely += score >= 0.5 ? one : 0;
        shares.leak += score >= 0.7 ? one : 0;
        shares.mean += one * score;
    }
    return shares;
}

void print(const char* name, const Shares& shares) {
    std::printf("%-36s %6.2f %6.2f %6.2f\n", name, shares.likely, shares.leak, shares.mean);
}

void table(size_t snapshots, size_t processes, uint64_t seed) {
    std::printf("\n%zu snapshots, %zu processes of each kind, seed %llu\n%-36s %6s %6s %6s\n",
                snapshots, processes, static_cast<unsigned long long>(seed), "", ">= 0.5", ">= 0.7",
                "mean");
    for (const bool leak : {true, false}) {
        Shares all;
        size_t kinds = 0;
        for (const GrowthCase& kind : growth_cases()) {
            if (kind.leak != leak) continue;
            const Shares shares = shares_of(kind, snapshots, processes, seed + kinds++);
            print(kind.name, shares);
            all.likely += shares.likely;
            all.leak += shares.leak;
            all.mean += shares.mean;
        }
        const double n = static_cast<double>(kinds);
        print(leak ? "== leaks: recall" : "== no leaks: false alarms",
              {all.likely / n, all.leak / n, all.mean / n});
    }
}

}  // namespace
}  // namespace heapdrift::testing

int main(int argc, char** argv) {
    if (argc < 3)
        return std::fprintf(stderr, "usage: %s SEED PROCESSES [SNAPSHOTS…]\n", argv[0]), 2;
    const uint64_t seed = std::strtoull(argv[1], nullptr, 10);
    const size_t processes = std::strtoull(argv[2], nullptr, 10);
    std::vector<size_t> counts;
    for (int i = 3; i < argc; ++i) counts.push_back(std::strtoull(argv[i], nullptr, 10));
    if (counts.empty()) counts = {12, 24, 48, 96};
    for (const size_t count : counts) heapdrift::testing::table(count, processes, seed);
}
