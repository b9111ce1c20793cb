// From a view's header to the model: what a session says of itself and of its snapshots.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "analyzer/model/profile.h"
#include "core/session_view.h"

namespace heapdrift::input {

// device and inode of the file tell whether the process still maps it.
model::SessionInfo read_session_info(const SessionView& view, const std::string& path, dev_t device,
                                     ino_t inode);

// The held ones, by number. The recorder may thin them while they are read.
std::vector<model::SnapshotInfo> read_snapshots(const Header& header);

// Without what concerns call stacks, which are not looked at here.
model::Losses read_losses(const SessionView& view);

model::VerifiedStacks read_verified_stacks(const Control& control);

// As SymbolTable::encode made them; empty where there are none, or not all of them.
std::vector<std::byte> read_embedded_symbols(const SessionView& view);

}  // namespace heapdrift::input
