// The least of programs, built statically, too. Its exit status tells it apart.
#include "truth.h"

MARKER void plain_5x10(void) {
    for (int i = 0; i < 5; ++i) keep(malloc(10));
    expect("plain_5x10", 5, 50, 0, 50);
}

int main(void) {
    plain_5x10();
    tell_truth();
    return 12;
}
