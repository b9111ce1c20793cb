// A heap of 10^6 blocks of 1,000 bytes, each of which leads to four others, in a process that goes
// on allocating: what a scan of it costs. Prints its pid when all are there; for each byte of its
// input it forks and prints the nanoseconds that held it; ends with its input.
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

namespace {

constexpr size_t kBlocks = 1'000'000;
constexpr size_t kBytes = 1000;

void** allocate() {
    auto** const block = static_cast<void**>(std::calloc(1, kBytes));
    if (block == nullptr) std::exit(EXIT_FAILURE);
    return block;
}

bool has_input() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return poll(&input, 1, 1) > 0;
}

void time_fork() {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point begin = Clock::now();
    const pid_t child = fork();
    if (child == 0) _exit(EXIT_SUCCESS);
    const std::chrono::nanoseconds held = Clock::now() - begin;
    if (child < 0) std::exit(EXIT_FAILURE);
    waitpid(child, nullptr, 0);
    std::printf("%lld\n", static_cast<long long>(held.count()));
    std::fflush(stdout);
}

}  // namespace

int main() {
    std::vector<void**> blocks(kBlocks);
    for (void**& block : blocks) block = allocate();
    std::mt19937_64 random(1);
    for (void** const block : blocks)
        for (size_t word = 0; word < 100; word += 25) block[word] = blocks[random() % kBlocks];
    std::printf("%d\n", getpid());
    std::fflush(stdout);
    for (;;) {
        if (char byte; has_input()) {
            if (read(STDIN_FILENO, &byte, 1) != 1) break;
            time_fork();
        }
        for (int i = 0; i < 100; ++i) std::free(allocate());
    }
}
