#include "analyzer/process/process_tree.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace heapdrift::process {

namespace {

class Tree {
public:
    explicit Tree(const std::vector<SessionSummary>& sessions)
        : sessions_(sessions), children_(sessions.size()) {
        std::vector<size_t> order(sessions.size());
        for (size_t i = 0; i < order.size(); ++i) order[i] = i;
        std::ranges::stable_sort(order, {}, [&](size_t i) { return start_of(i); });
        // By the start of a process's first image, so that its images stand together.
        std::ranges::stable_sort(order, {}, [&](size_t i) { return start_of(first_image(i)); });
        for (const size_t i : order) {
            const std::optional<size_t> parent = parent_of(first_image(i));
            (parent ? children_[*parent] : roots_).push_back(i);
        }
    }

    std::vector<TreeLine> lines() {
        write(roots_, "", false);
        return std::move(lines_);
    }

private:
    std::pair<uint64_t, uint32_t> start_of(size_t i) const {
        return {sessions_[i].info.started_realtime_ns, sessions_[i].info.image};
    }

    bool same_process(size_t a, size_t b) const {
        return sessions_[a].info.pid == sessions_[b].info.pid &&
               sessions_[a].info.process_start_ticks == sessions_[b].info.process_start_ticks;
    }

    size_t first_image(size_t i) const {
        size_t first = i;
        for (size_t other = 0; other < sessions_.size(); ++other)
            if (same_process(i, other) && start_of(other) < start_of(first)) first = other;
        return first;
    }

    // Pids are used again: the last one of that pid that had begun by then.
    std::optional<size_t> parent_of(size_t i) const {
        std::optional<size_t> parent;
        for (size_t other = 0; other < sessions_.size(); ++other)
            if (sessions_[other].info.pid == sessions_[i].info.parent_pid &&
                !same_process(i, other) && start_of(other) < start_of(i) &&
                (!parent || start_of(*parent) < start_of(other)))
                parent = other;
        return parent;
    }

    // A parent began before its children, so there is no circle.
    void write(const std::vector<size_t>& level, const std::string& indent, bool drawn) {
        for (const size_t i : level) {
            const bool last = i == level.back();
            lines_.push_back({i, drawn ? indent + (last ? "└─ " : "├─ ") : indent});
            write(children_[i], drawn ? indent + (last ? "   " : "│  ") : indent, true);
        }
    }

    const std::vector<SessionSummary>& sessions_;
    std::vector<std::vector<size_t>> children_;
    std::vector<size_t> roots_;
    std::vector<TreeLine> lines_;
};

}  // namespace

std::vector<TreeLine> process_tree(const std::vector<SessionSummary>& sessions) {
    return Tree(sessions).lines();
}

}  // namespace heapdrift::process
