// Call stacks at will: allocates size bytes under each of 2^depth different stacks.
#pragma once

#include "truth.h"

TRUTH_ALONE static void branch(unsigned depth, size_t size);

TRUTH_ALONE static void branch_left(unsigned depth, size_t size) {
    branch(depth, size);
    keep(NULL);
}

TRUTH_ALONE static void branch_right(unsigned depth, size_t size) {
    branch(depth, size);
    keep(NULL);
}

TRUTH_ALONE static void branch(unsigned depth, size_t size) {
    if (depth == 0) {
        REQUIRE(keep(malloc(size)) != NULL);
        return;
    }
    branch_left(depth - 1, size);
    branch_right(depth - 1, size);
}
