// Rules for what libraries of the system are known to keep in a form that a scan cannot follow,
// each with the reason. They are few: a rule that hides more than what it was made for hides leaks.
//
// Looked for in vain, with 2.36 of glibc and libstdc++ of gcc 12: dlerror's texts, dynamic
// thread-local storage, thread descriptors, locales, name services, iconv, timers, the emergency
// pool of exceptions. Scans find all of these reachable, so other tools' rules for them are not
// here.
#pragma once

#include <vector>

#include "analyzer/model/suppression.h"

namespace heapdrift::model {

std::vector<SuppressionRule> built_in_suppressions();

}  // namespace heapdrift::model
