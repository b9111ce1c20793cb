// What the programs of the corpus are made of: chance, time in rounds, blocks with a date to be
// freed at. Nothing here allocates.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>

namespace heapdrift::corpus {

// A function whose frame must be in the recorded call stacks: never inlined, cloned or merged.
#define SITE __attribute__((noipa))

// Hides from the compiler where a pointer came from and whether it is used again.
template <typename T>
inline T* keep(T* pointer) {
    asm volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}

class Run {
public:
    Run(uint64_t seed, double rate, double lifetime, int rounds)
        : random_(seed), rate_(rate), lifetime_(lifetime), rounds_(rounds) {}

    int rounds() const { return rounds_; }
    int round() const { return round_; }
    void next_round() { ++round_; }
    // Share of the run that is over.
    double position() const { return static_cast<double>(round_) / rounds_; }

    // How often in this round what happens so often on average; the run's rate is a factor.
    int events(double mean) { return std::poisson_distribution<int>(mean * rate_)(random_); }
    bool chance(double share) { return uniform() < share; }
    size_t below(size_t limit) { return random_() % limit; }
    size_t size(size_t least, size_t most) { return least + below(most - least + 1); }
    double uniform() { return std::uniform_real_distribution<>(0, 1)(random_); }

    // Lengths of time are in hundredths of the run, times the run's lifetime; results in rounds.
    double length(double hundredths) const { return hundredths * lifetime_ * rounds_ / 100; }
    // When something ends that begins now and lasts so long on average.
    int end_of(double mean) { return after(-length(mean) * std::log(1 - uniform())); }
    // The same, but with a length that is far from its mean now and then (Pareto, a = 1.2).
    int end_of_heavy_tailed(double least) {
        return after(length(least) * std::pow(1 - uniform(), -1 / 1.2));
    }

private:
    int after(double rounds) const { return round_ + 1 + static_cast<int>(std::fmin(rounds, 1e6)); }

    std::mt19937_64 random_;
    double rate_;
    double lifetime_;
    int rounds_;
    int round_ = 0;
};

// What is allocated for a program's sake: the link leads to its neighbour wherever it is kept.
struct Block {
    Block* next;
    void* other;
};

inline Block* allocate(size_t size) {
    return keep(static_cast<Block*>(std::calloc(1, sizeof(Block) + size)));
}

inline void push(Block*& list, Block* block) {
    block->next = list;
    list = block;
}

inline void free_all(Block*& list) {
    while (list != nullptr) {
        Block* const next = list->next;
        std::free(list);
        list = next;
    }
}

// Blocks by the round in which they are freed; those due behind the run's end stay.
class Calendar {
public:
    void add(Block* block, int round) {
        push(due_[static_cast<size_t>(round) < kRounds ? static_cast<size_t>(round) : kRounds],
             block);
    }
    void free_due(const Run& run) { free_all(due_[run.round()]); }

private:
    static constexpr size_t kRounds = 4096;
    Block* due_[kRounds + 1] = {};
};

}  // namespace heapdrift::corpus
