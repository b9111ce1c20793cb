// Where variables of more than a page stand: behind all others. So what every process writes to,
// however little it does, lies together in a page or two, and not in one page for each.
#pragma once

#define HEAPDRIFT_LARGE_TABLE [[gnu::section(".lbss")]]
