// What the recorder says on stderr: nothing while all is well, else one line, once per process.
#pragma once

#include "preload/text.h"

namespace heapdrift {

using Message = TextBuffer<1024>;

// Notes which file the process was started with as its stderr. A program may close it and put a
// file of its own under that number: from then on nothing is said.
void remember_stderr();

// Writes "heapdrift: …\n" in one write(2), so that lines of several processes do not mix. Raises no
// signal, whatever has become of stderr.
void say(const Message& message);

}  // namespace heapdrift
