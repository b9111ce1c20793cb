// What the recorder says on stderr: nothing while all is well, else one line, once per process.
#pragma once

#include "preload/syscalls.h"
#include "preload/text.h"

namespace heapdrift {

using Message = TextBuffer<1024>;

// Writes "heapdrift: …\n" in one write(2), so that lines of several processes do not mix.
inline void say(const Message& message) {
    TextBuffer<1100> line;
    line << "heapdrift: " << message.text() << "\n";
    sys::write(2, line.text(), line.size());
}

}  // namespace heapdrift
