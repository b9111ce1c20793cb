// A heap of 10^6 blocks of 1,000 bytes, each of which leads to four others, in a process that goes
// on allocating: what a scan of it costs. Prints its pid when all are there; ends with its input.
#include <poll.h>
#include <unistd.h>

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

bool has_input_ended() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return poll(&input, 1, 1) > 0;
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
    while (!has_input_ended())
        for (int i = 0; i < 100; ++i) std::free(allocate());
}
