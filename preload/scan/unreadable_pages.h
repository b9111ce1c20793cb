// Pages that are mapped to be read and cannot be: guard pages of madvise, which the list of
// mappings does not show, and memory that has gone bad.
#pragma once

#include <cstdint>

namespace heapdrift::scan {

// In the copy: from here on it finds zeros where it meets such a page. Whoever asks about it sees
// nothing, for the page is replaced in the copy alone.
void read_unreadable_pages_as_empty();

// Of those that were no guard pages, and so had contents.
uint64_t unreadable_bytes();

}  // namespace heapdrift::scan
