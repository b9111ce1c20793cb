// The driver's library in this process, and what of it is asked for.
#pragma once

#include "preload/cuda/entry_points.h"

namespace heapdrift::cuda {

// Whether the address lies in a file named libcuda.so….
bool is_driver(const void* address);

// Whether calls of this real function may go through our hook: the real one is of the module that
// the hook leads to. What another library defines under the same name is left alone.
bool lead_through(Entry entry, void* real);

// The real function, looked for where it is not known yet; nullptr where no driver is loaded.
void* find_real(Entry entry);

// The same for whoever is about to be given our hook: a driver that was unloaded is none.
void* find_loaded(Entry entry);

// A function of the driver's that we do not stand in for, but ask; nullptr where there is none.
void* find_driver_function(const char* symbol);

// Somebody looked up a name that begins with "cu". Counts the modules that ask for the driver.
void note_request(const char* name, const void* caller);
// The module that holds the address calls the driver's functions by our hooks.
void note_module(const void* address);
// Somebody called the driver: it is in use.
void note_driver_seen();

// In a fork child.
void forget_requests();

}  // namespace heapdrift::cuda
