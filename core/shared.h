// Words of the session file that both sides touch while the program runs.
#pragma once

#include <atomic>
#include <cstdint>

namespace heapdrift {

template <typename T>
using Shared = std::atomic<T>;
static_assert(Shared<uint64_t>::is_always_lock_free && sizeof(Shared<uint64_t>) == 8);
static_assert(Shared<uint32_t>::is_always_lock_free && sizeof(Shared<uint32_t>) == 4);

inline constexpr uint64_t kUnknownBytes = ~uint64_t{0};

}  // namespace heapdrift
