// Index newtypes: a site number cannot be passed where a node number is meant.
// All are 32-bit, and 0 means "none" where a type can be empty (nodes and sites start at 1).
#pragma once

#include <cstdint>

namespace heapdrift {

enum class NodeId : uint32_t {};    // one frame in the prefix tree of call stacks
enum class SiteId : uint32_t {};    // an allocation site: one distinct call stack in one domain
enum class ModuleId : uint32_t {};  // one ELF image, for as long as it stays loaded
enum class TableId : uint32_t {};   // one set of counters, written by one thread at a time
enum class SnapshotNumber : uint32_t {};  // what a user writes behind FILE@

template <typename Id>
constexpr uint32_t raw(Id id) {
    return static_cast<uint32_t>(id);
}

}  // namespace heapdrift
