// Executes itself as often as the first argument says; each image allocates on its own and says
// what, so that the output has one line of truth for each image.
#include "truth.h"

MARKER void image_allocates(int left) {
    for (int i = 0; i <= left; ++i) keep(malloc(1000));
    expect("image_allocates", left + 1, (left + 1) * 1000, 0, (left + 1) * 1000);
}

int main(int argc, char** argv) {
    const int left = argc > 1 ? atoi(argv[1]) : 0;
    image_allocates(left);
    tell_truth();
    if (left == 0) return 17;
    char number[16];
    snprintf(number, sizeof number, "%d", left - 1);
    char* const arguments[] = {argv[0], number, NULL};
    execv("/proc/self/exe", arguments);
    return 1;
}
