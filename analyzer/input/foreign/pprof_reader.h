// Heap profiles in pprof's format (profile.proto): of Go's runtime, of the bindings of jemalloc and
// tcmalloc, of what collects profiles, and what `heapdrift export -f pprof` writes.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "analyzer/input/foreign/memory_maps.h"
#include "analyzer/model/profile.h"

namespace heapdrift::input {

inline constexpr const char* kPprofRecorder = "a profiler that writes pprof's format";

// Whether the bytes, unpacked where they are compressed, begin as such a profile. Throws Failure
// for compressed data that are damaged at their beginning.
bool is_pprof(std::span<const std::byte> bytes, const std::string& name);

// `identify` is given modules with the build-id that the profile says, if it says one. Throws
// Failure for a damaged profile, for one that is not of the heap, and for a difference of two.
model::Profile read_pprof(std::span<const std::byte> bytes, const std::string& name,
                          const IdentifyModule& identify);

}  // namespace heapdrift::input
