// heaptrack's recordings, as heaptrack_interpret writes them: every allocation and deallocation,
// with names. Read once, in memory by call stack and not by event.
//
//   v TOOL FORMAT            versions; all numbers are hexadecimal
//   X COMMAND                the command line
//   s LENGTH TEXT            a string; the first has the number 1
//   i ADDRESS MODULE [FUNCTION [FILE LINE]]…   an address, innermost inlined function first; it
//                            is one less than the return address; 0: not known
//   t ADDRESS PARENT         a frame of the tree of call stacks, by number; 0: no caller
//   a SIZE FRAME             a kind of block: its size and its call stack; the first has number 0
//   + KIND, - KIND           such a block is allocated, deallocated
//   c MILLISECONDS, R, I, A, S, #   the time; memory of the process and remarks, which are ignored
#pragma once

#include <string_view>

#include "analyzer/input/foreign/text_lines.h"
#include "analyzer/model/profile.h"

namespace heapdrift::input {

bool is_heaptrack(std::string_view first_line);

// With locations. Throws Failure, with the line, for what is not the format, and for recordings
// that heaptrack has not interpreted yet.
model::Profile read_heaptrack(TextLines& lines);

}  // namespace heapdrift::input
