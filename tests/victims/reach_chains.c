// The shapes that memcheck's manual tells apart, a root R, perhaps a block A, and a block B, with
// pointers to the beginning (->) or into the middle (-?>); and rings and trees.
#include "reach.h"

static void* roots[16];

struct Block {
    void* pointer;
    char middle[56];
};

static struct Block* block(void) {
    struct Block* made = calloc(1, sizeof *made);
    REQUIRE(made != NULL);
    return made;
}
static void* middle_of(struct Block* of) {
    return of->middle;
}
static struct Block* leading_to(void* pointer) {
    struct Block* made = block();
    made->pointer = pointer;
    return made;
}

MARKER void case_1(void) {  // R -> B
    roots[1] = block();
    expect_reach("case_1", 0, 0, 0, 1);
}
MARKER void case_2(void) {  // R -> A -> B
    roots[2] = leading_to(block());
    expect_reach("case_2", 0, 0, 0, 2);
}
MARKER void case_3(void) {  // R    B
    keep(block());
    expect_reach("case_3", 1, 0, 0, 0);
}
MARKER void case_4(void) {  // R    A -> B
    keep(leading_to(block()));
    expect_reach("case_4", 1, 1, 0, 0);
}
MARKER void case_5(void) {  // R -?> B
    roots[5] = middle_of(block());
    expect_reach("case_5", 0, 0, 1, 0);
}
MARKER void case_6(void) {  // R -> A -?> B
    roots[6] = leading_to(middle_of(block()));
    expect_reach("case_6", 0, 0, 1, 1);
}
MARKER void case_7(void) {  // R -?> A -> B
    roots[7] = middle_of(leading_to(block()));
    expect_reach("case_7", 0, 0, 2, 0);
}
MARKER void case_8(void) {  // R -?> A -?> B
    roots[8] = middle_of(leading_to(middle_of(block())));
    expect_reach("case_8", 0, 0, 2, 0);
}
MARKER void case_9(void) {  // R    A -?> B
    keep(leading_to(middle_of(block())));
    expect_reach("case_9", 1, 1, 0, 0);
}

static struct Block* ring(int size) {
    struct Block* first = block();
    struct Block* last = first;
    for (int i = 1; i < size; ++i) last = last->pointer = block();
    last->pointer = first;
    return first;
}
MARKER void ring_alone(void) {
    keep(ring(4));
    expect_reach("ring_alone", 1, 3, 0, 0);
}
// Whatever block of the ring is looked at first, the one that leads into it counts.
MARKER void into_ring(void) {
    keep(leading_to(ring(3)));
    expect_reach("into_ring", 1, 3, 0, 0);
}
MARKER void two_into_ring(void) {
    struct Block* shared = ring(2);
    keep(leading_to(shared));
    keep(leading_to(shared));
    expect_reach("two_into_ring", 2, 2, 0, 0);
}
MARKER void ring_in_use(void) {
    roots[10] = ring(5);
    expect_reach("ring_in_use", 0, 0, 0, 5);
}

static void** tree(int depth) {
    if (depth == 0) return NULL;
    void** node = calloc(2, sizeof *node);
    node[0] = tree(depth - 1);
    node[1] = tree(depth - 1);
    return node;
}
MARKER void lost_tree(void) {
    keep(tree(4));
    expect_reach("lost_tree", 1, 14, 0, 0);
}
// The root lets go of half of it.
MARKER void half_a_tree(void) {
    void** whole = tree(4);
    roots[11] = whole;
    whole[1] = NULL;
    expect_reach("half_a_tree", 1, 6, 0, 8);
}

int main(void) {
    case_1();
    case_2();
    case_3();
    case_4();
    case_5();
    case_6();
    case_7();
    case_8();
    case_9();
    ring_alone();
    into_ring();
    two_into_ring();
    ring_in_use();
    lost_tree();
    half_a_tree();
    READ_BY_SOMEBODY(roots);
    wipe_stack();
    tell_reach();
    return 0;
}
