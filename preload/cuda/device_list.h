// The devices that memory was allocated on, each with an entry in the session file.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/cuda_figures.h"
#include "preload/cuda/driver_types.h"
#include "preload/cuda/object_table.h"

namespace heapdrift::cuda {

class DeviceList {
public:
    // The entry of the device with this ordinal, made when it is asked for the first time;
    // kNoCudaDevice where there is none.
    uint8_t entry_of(Device ordinal);

    // The figures of what was allocated or given back. Objects without a device change nothing.
    void count_allocated(const Object& object);
    void count_gone(const Object& object);

    // How much the pools and graphs of a device keep.
    void note_reserved(uint8_t device, uint64_t pool_bytes, uint64_t graph_bytes);
    uint64_t charged_bytes(uint8_t device) const;
    Device ordinal_of(uint8_t device) const;

    void forget();

private:
    static constexpr Device kMostOrdinals = 64;
    uint8_t make_entry(Device ordinal);

    std::atomic<bool> locked_{false};
    std::atomic<uint8_t> entries_[kMostOrdinals] = {};  // entry + 1
};

extern constinit DeviceList devices;

}  // namespace heapdrift::cuda
