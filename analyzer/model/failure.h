// What a command cannot do, said in a message for the user: what happened, to which file or
// process, what still holds, what to do. main prints it and turns it into an exit code.
#pragma once

#include <stdexcept>

namespace heapdrift {

// The world said no: a file is unreadable, a process is gone. Exit code 1.
class Failure : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The command line asks for something that cannot be. Exit code 2.
class UsageFailure : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace heapdrift
