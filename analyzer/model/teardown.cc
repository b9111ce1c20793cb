#include "analyzer/model/teardown.h"

namespace heapdrift::model {

namespace {

// Of the run, from the snapshot before to exit.
constexpr double kMoment = 0.03;
// In a shorter run that is less than an interval, and nothing tells a batch program from others.
constexpr double kLeastSeconds = 0.75;
// A lesser fall may be the ebb and flow of the program's work.
constexpr double kLeastFall = 0.1;

}  // namespace

bool is_teardown(const LiveAt& earlier, const LiveAt& before, const LiveAt& last,
                 double exit_began) {
    const auto falls = [](const LiveAt& from, const LiveAt& to) {
        return to.blocks < (1 - kLeastFall) * from.blocks;
    };
    return exit_began >= kLeastSeconds && exit_began - before.seconds <= kMoment * exit_began &&
           falls(before, last) && !falls(earlier, before);
}

}  // namespace heapdrift::model
