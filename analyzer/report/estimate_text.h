// Figures as text, marked where they are estimates: "1.2 MiB", "~1.2 MiB ±4 %", "~700 KiB (120 KiB
// to 2.5 MiB)" where the 95 % interval is so wide that its sides differ, and "~1,200".
#pragma once

#include <string>

#include "analyzer/model/estimate.h"

namespace heapdrift::report {

std::string bytes_text(const model::Figures& figures, model::Column column);
std::string count_text(const model::Figures& figures, model::Column column);

// Without the interval, for columns of a table: "~1.2 MiB".
std::string short_bytes_text(const model::Figures& figures, model::Column column);
// The interval alone: "±4 %", "120 KiB to 2.5 MiB", "" of an exact figure.
std::string interval_text(const model::Figures& figures, model::Column column);

// Of the change, with its sign and in parentheses where it is uncertain.
std::string bytes_change_text(const model::Figures& old_figures, const model::Figures& new_figures,
                              model::Column column);
std::string count_change_text(const model::Figures& old_figures, const model::Figures& new_figures,
                              model::Column column);

// Before a figure that is an estimate.
inline const char* mark(bool estimated) {
    return estimated ? "~" : "";
}

}  // namespace heapdrift::report
