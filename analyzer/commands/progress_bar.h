// How far symbolizing is: drawn on stderr when it takes long, on a terminal only.
#pragma once

#include <chrono>
#include <cstddef>

namespace heapdrift::commands {

class ProgressBar {
public:
    ProgressBar();
    // Takes what it drew off the screen.
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void update(size_t done, size_t total);

private:
    using Clock = std::chrono::steady_clock;

    bool enabled_;
    bool drawn_ = false;
    Clock::time_point started_;
    Clock::time_point last_;
};

}  // namespace heapdrift::commands
