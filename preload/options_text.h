// HEAPDRIFT_OPTIONS as the process was started with.
#pragma once

namespace heapdrift {

// nullptr: not set. The text stays.
const char* options_text();

}  // namespace heapdrift
