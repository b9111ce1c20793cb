#include "analyzer/process/process_tree.h"

#include <gtest/gtest.h>

namespace heapdrift::process {
namespace {

SessionSummary process(uint32_t pid, uint32_t parent, uint64_t started, uint32_t image = 0,
                       uint64_t ticks = 0) {
    SessionSummary session;
    session.info.pid = pid;
    session.info.parent_pid = parent;
    session.info.started_realtime_ns = started;
    session.info.image = image;
    session.info.process_start_ticks = ticks == 0 ? pid : ticks;
    return session;
}

std::string drawn(const std::vector<SessionSummary>& sessions) {
    std::string text;
    for (const TreeLine& line : process_tree(sessions))
        text += line.branch + std::to_string(sessions[line.session].info.pid) +
                (sessions[line.session].info.image > 0 ? "'" : "") + "\n";
    return text;
}

TEST(ProcessTree, DrawsChildrenBelowTheirParents) {
    EXPECT_EQ(drawn({process(10, 1, 100), process(12, 10, 103), process(11, 10, 101),
                     process(13, 11, 102)}),
              "10\n├─ 11\n│  └─ 13\n└─ 12\n");
}

TEST(ProcessTree, KeepsTheImagesOfAProcessTogether) {
    EXPECT_EQ(drawn({process(10, 1, 100), process(11, 10, 101), process(12, 10, 102),
                     process(11, 10, 105, 1), process(13, 11, 106)}),
              "10\n├─ 11\n├─ 11'\n│  └─ 13\n└─ 12\n");
}

TEST(ProcessTree, TellsAReusedPid) {
    EXPECT_EQ(drawn({process(10, 1, 100, 0, 1), process(11, 10, 101), process(10, 1, 200, 0, 2),
                     process(12, 10, 201)}),
              "10\n└─ 11\n10\n└─ 12\n");
}

TEST(ProcessTree, PutsProcessesWithoutARecordedParentOutermost) {
    EXPECT_EQ(drawn({process(10, 1, 100), process(30, 20, 101)}), "10\n30\n");
    EXPECT_EQ(drawn({}), "");
    // A file may say anything.
    EXPECT_EQ(drawn({process(10, 10, 100), process(10, 10, 100)}), "10\n10\n");
}

}  // namespace
}  // namespace heapdrift::process
