// Telling a vfork child, which shares our memory, from a fork child where the page that tells them
// apart in a process that records (lifecycle.h) is not there yet.
#pragma once

namespace heapdrift {

// Asked by a process that finds another's pid in its memory.
bool is_vfork_child();

}  // namespace heapdrift
