// From a hook of the driver's to the figures: the counterpart of recorder.h for CUDA.
//
// Order that hooks keep: an allocation is recorded after the real call, a deallocation is taken out
// before it, and counted, or put back, after it; no lock is held meanwhile.
#pragma once

#include "preload/cuda/driver_queries.h"
#include "preload/cuda/driver_types.h"
#include "preload/cuda/object_table.h"
#include "preload/thread_local.h"
#include "preload/unwind/stack_walk.h"

namespace heapdrift::cuda {

extern constinit ObjectTable objects;

// A call of the program into the driver, for as long as it lasts. The driver may come by our hooks
// itself: only the outermost call is recorded.
class DriverCall {
public:
    DriverCall();
    ~DriverCall() {
        if (outermost_) tls.in_driver = false;
    }
    DriverCall(const DriverCall&) = delete;
    DriverCall& operator=(const DriverCall&) = delete;

    bool recorded() const { return recorded_; }
    // Whether there is anything to record of a call that allocates and ended so. After any other
    // failure the driver is asked nothing.
    bool settles(Result result) const {
        return recorded_ && (result == kSuccess || result == kOutOfMemory);
    }

private:
    bool outermost_;
    bool recorded_ = false;
};

// The driver has given this out. Counts it by the caller's stack.
void record_object(const Object& object, const StartState& caller);
// Enters what is no memory, but is needed to tell what happens to some.
void enter_object(const Object& object);

// The end of a call that allocates and settles: records the object, or that memory ran out.
void settle_allocation(Result result, Object object, const Place& place, const StartState& caller);
// The same, at the context that is current, if the call settles.
void settle_allocation_here(const DriverCall& call, Result result, const Object& object,
                            const StartState& caller);

// A call that gives something back.
class Deallocation {
public:
    Deallocation(const DriverCall& call, ObjectKind kind, uint64_t key);
    // Returns the driver's answer as it is.
    Result settle(Result result, const StartState& caller);

    const Object& object() const { return object_; }
    // Of the objects that were there before the driver was asked.
    uint32_t last_serial() const { return last_serial_; }

private:
    ObjectKind kind_;
    uint64_t key_;
    bool recorded_;
    uint32_t last_serial_;
    Object object_;
};

// What was given back: counted as gone, in the site that allocated it.
void count_object_gone(const Object& object);
// More is known of an object now, which has been changed in the table: its size.
void count_object_grown(const Object& before, const Object& now);
void put_object_back(const Object& object);
// What the end of a context gives back: objects of it that are not newer than `last_serial`.
void count_context_gone(uint64_t context, uint32_t last_serial);

// Now and then, or at once, how much the pool that was just used (nullptr: the one in use) and all
// graphs of the device keep.
void look_at_reserved(uint8_t device, Pool pool, bool at_once = false);

// In a fork child, which cannot use CUDA.
void forget();

}  // namespace heapdrift::cuda
