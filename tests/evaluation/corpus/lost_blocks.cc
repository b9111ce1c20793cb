// Lost pointers of C: blocks of all shapes that nothing leads to any more.
#include <setjmp.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "tests/evaluation/corpus/kinds.h"

namespace heapdrift::corpus {
namespace {

SITE void never_kept(Run& run) {
    for (int i = run.events(1); i > 0; --i) allocate(run.size(20, 200));
}

// A single block in the whole run.
SITE void lost_once(Run& run) {
    if (run.round() == run.rounds() / 3) allocate(777);
}

SITE void overwritten(Run& run) {
    static Block* current;
    if (run.chance(0.5)) current = allocate(64);
    asm volatile("" : : "r"(&current) : "memory");
}

SITE void chain_let_go(Run& run) {
    Block* chain = nullptr;
    for (int i = run.events(3); i > 0; --i) push(chain, allocate(40));
    keep(chain);
}

SITE void ring_let_go(Run& run) {
    Block* const first = allocate(40);
    Block* last = first;
    for (int i = run.events(3); i > 0; --i) last = last->next = allocate(40);
    last->next = first;
    keep(first);
}

SITE void doubly_linked_let_go(Run& run) {
    Block* first = allocate(24);
    for (int i = run.events(3); i > 0; --i) {
        Block* const block = allocate(24);
        block->next = first;
        first->other = block;
        first = block;
    }
    keep(first);
}

SITE void leads_to_itself(Run& run) {
    for (int i = run.events(1); i > 0; --i) {
        Block* const block = allocate(1321);
        block->other = block;
    }
}

Block* tree(int depth) {
    if (depth == 0) return nullptr;
    Block* const node = allocate(16);
    node->next = tree(depth - 1);
    node->other = tree(depth - 1);
    return node;
}

SITE void tree_let_go(Run& run) {
    if (run.chance(0.4)) keep(tree(3));
}

void free_tree(Block* node) {
    if (node == nullptr) return;
    free_tree(node->next);
    free_tree(static_cast<Block*>(node->other));
    std::free(node);
}

// A tree in use loses a branch each time that it is changed.
SITE void branch_let_go(Run& run) {
    static Block* root;
    if (root == nullptr) root = tree(4);
    if (!run.chance(0.4)) return;
    root->next = tree(3);
    free_tree(static_cast<Block*>(root->other));
    root->other = tree(3);
}

// Behind the lost block, only its middle is led to.
SITE void middle_of_lost(Run& run) {
    for (int i = run.events(0.7); i > 0; --i) {
        Block* const outer = allocate(32);
        outer->other = reinterpret_cast<char*>(allocate(100)) + 50;
    }
}

SITE void forgotten_on_error(Run& run) {
    for (int i = run.events(30); i > 0; --i) {
        Block* const block = allocate(run.size(50, 100));
        if (run.chance(0.02)) continue;
        std::free(block);
    }
}

SITE void one_in_thousand_forgotten(Run& run) {
    for (int i = run.events(800); i > 0; --i) {
        Block* const block = allocate(60);
        if (!run.chance(0.001)) std::free(block);
    }
}

// realloc fails, and its result goes where the only pointer was.
SITE void failed_realloc(Run& run) {
    static void* buffer;
    for (int i = run.events(0.7); i > 0; --i) {
        buffer = keep(std::malloc(100));
        buffer = std::realloc(buffer, SIZE_MAX / 4 + run.below(2));
    }
}

// The moved block is known to the callee alone; the caller frees nothing, for it sees NULL.
SITE void moved_in_callee(Run& run) {
    for (int i = run.events(0.7); i > 0; --i) {
        void* block = keep(std::malloc(40));
        block = std::realloc(block, 4000);
        keep(block);
    }
}

SITE void ignored_copy(Run& run) {
    for (int i = run.events(0.7); i > 0; --i) keep(strdup("a name that is copied for nothing"));
}

SITE void ignored_text(Run& run) {
    for (int i = run.events(0.7); i > 0; --i) {
        char* text = nullptr;
        if (asprintf(&text, "message %d of round %d", i, run.round()) < 0) return;
        keep(text);
    }
}

SITE void empty_blocks(Run& run) {
    volatile size_t nothing = 0;
    for (int i = run.events(0.7); i > 0; --i) keep(std::malloc(nothing));
}

SITE void large_blocks(Run& run) {
    for (int i = run.events(0.1); i > 0; --i) keep(std::malloc(300'000 + run.below(1000)));
}

SITE void aligned_blocks(Run& run) {
    for (int i = run.events(0.5); i > 0; --i) keep(std::aligned_alloc(256, 1024));
}

SITE void jumped_over(Run& run) {
    static jmp_buf back;
    static Run* now;
    now = &run;
    if (setjmp(back) != 0) return;
    Block* const scratch = allocate(120);
    if (now->chance(0.3)) longjmp(back, 1);
    std::free(scratch);
}

// Where a function that has returned kept it on its stack.
SITE void below_dead_frame(Run& run) {
    volatile Block* local[64];
    local[run.below(64)] = run.chance(0.5) ? allocate(90) : nullptr;
    asm volatile("" : : "r"(&local) : "memory");
}

SITE void buffers_swapped_wrongly(Run& run) {
    static Block* front;
    static Block* back;
    if (!run.chance(0.4)) return;
    back = allocate(256);
    front = back;
    asm volatile("" : : "r"(&front), "r"(&back) : "memory");
}

constexpr Kind kKinds[] = {
    {"never_kept", Truth::lost, "never_kept", never_kept},
    {"lost_once", Truth::lost, "lost_once", lost_once},
    {"overwritten", Truth::lost, "overwritten", overwritten},
    {"chain_let_go", Truth::lost, "chain_let_go", chain_let_go},
    {"ring_let_go", Truth::lost, "ring_let_go", ring_let_go},
    {"doubly_linked_let_go", Truth::lost, "doubly_linked_let_go", doubly_linked_let_go},
    {"leads_to_itself", Truth::lost, "leads_to_itself", leads_to_itself},
    {"tree_let_go", Truth::lost, "tree_let_go", tree_let_go},
    {"branch_let_go", Truth::lost, "branch_let_go", branch_let_go},
    {"middle_of_lost", Truth::lost, "middle_of_lost", middle_of_lost},
    {"forgotten_on_error", Truth::lost, "forgotten_on_error", forgotten_on_error},
    {"one_in_thousand_forgotten", Truth::lost, "one_in_thousand_forgotten",
     one_in_thousand_forgotten},
    {"failed_realloc", Truth::lost, "failed_realloc", failed_realloc},
    {"moved_in_callee", Truth::lost, "moved_in_callee", moved_in_callee},
    {"ignored_copy", Truth::lost, "ignored_copy", ignored_copy},
    {"ignored_text", Truth::lost, "ignored_text", ignored_text},
    {"empty_blocks", Truth::lost, "empty_blocks", empty_blocks},
    {"large_blocks", Truth::lost, "large_blocks", large_blocks},
    {"aligned_blocks", Truth::lost, "aligned_blocks", aligned_blocks},
    {"jumped_over", Truth::lost, "jumped_over", jumped_over},
    {"below_dead_frame", Truth::lost, "below_dead_frame", below_dead_frame},
    {"buffers_swapped_wrongly", Truth::lost, "buffers_swapped_wrongly", buffers_swapped_wrongly},
};

}  // namespace

std::span<const Kind> lost_blocks() {
    return kKinds;
}

}  // namespace heapdrift::corpus
