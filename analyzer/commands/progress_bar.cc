#include "analyzer/commands/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace heapdrift::commands {
namespace {

constexpr std::chrono::milliseconds kPatience{500};
constexpr std::chrono::milliseconds kRefresh{100};
constexpr size_t kWidth = 30;

}  // namespace

ProgressBar::ProgressBar() : enabled_(isatty(STDERR_FILENO) == 1), started_(Clock::now()) {}

ProgressBar::~ProgressBar() {
    if (drawn_) fmt::print(stderr, "\r\x1b[K");
}

void ProgressBar::update(size_t done, size_t total) {
    const Clock::time_point now = Clock::now();
    if (!enabled_ || now - started_ < kPatience || now - last_ < kRefresh || total == 0) return;
    last_ = now;
    drawn_ = true;
    const size_t filled = kWidth * done / total;
    fmt::print(stderr, "\rsymbolizing [{:#<{}}{:<{}}] {} of {}", "", filled, "", kWidth - filled,
               done, total);
    std::fflush(stderr);
}

}  // namespace heapdrift::commands
