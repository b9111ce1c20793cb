// dlsym and dlvsym as they are behind us: libc's, or those of another library that stands in for
// them. We stand in for both ourselves (cuda/interpose_dlsym.cc), so a plain call would come back.
//
// Each points at a stub first, which finds both and goes on to the one that was called.
#pragma once

extern "C" {
extern void* (*heapdrift_next_dlsym)(void* handle, const char* name);
extern void* (*heapdrift_next_dlvsym)(void* handle, const char* name, const char* version);
}
