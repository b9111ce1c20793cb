// Making the copy of the process that does the scan.
#pragma once

#include <cstddef>

#include "preload/page_memory.h"
#include "preload/scan/context.h"

namespace heapdrift::scan {

// The recorder's own memory for what lasts as long as it takes to make the copy.
class ContextMemory {
public:
    ContextMemory();
    ~ContextMemory();
    ContextMemory(const ContextMemory&) = delete;
    ContextMemory& operator=(const ContextMemory&) = delete;

    bool complete() const { return !failed_; }
    // Only when complete.
    Context& context() { return *context_; }
    void* copy_stack_top() const { return copy_stack_ + kStackBytes; }
    void* helper_stack_top() const { return helper_stack_ + kStackBytes; }

private:
    static constexpr size_t kStackBytes = 256 * 1024;
    struct Piece {
        void* start;
        size_t size;
    };
    template <typename T>
    T* take(uint64_t count);

    Context* context_ = nullptr;
    char* copy_stack_ = nullptr;
    char* helper_stack_ = nullptr;
    Piece pieces_[8] = {};
    uint32_t count_ = 0;
    bool failed_ = false;
};

// Needs context.pid and caller_tid.
bool is_alone(Context& context);

// Makes the copy, which runs run_copy, and enters its pid, or what went wrong, in context.copy.
// Other threads are stopped meanwhile where that is possible; the calling one is held.
void make_copy(ContextMemory& memory);

// In a fork child, which nobody is allowed to trace, and whose block table came with it where
// another thread made a copy at that time.
void drop_records_of_parent();

}  // namespace heapdrift::scan
