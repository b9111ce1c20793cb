/* What the listeners of heapdrift_gtest.h and heapdrift_catch2.h share: the leaks of a test case,
 * as text with their call stacks. C++17, header-only. */
#ifndef HEAPDRIFT_LEAKS_H
#define HEAPDRIFT_LEAKS_H

#include <cxxabi.h>
#include <dlfcn.h>
#include <stdlib.h>

#include <sstream>
#include <string>
#include <vector>

#include "heapdrift.h"

namespace heapdrift {

/* "app::put(int) in ./unit_tests+0x1234"; link with -rdynamic to have the names of an executable's
 * own functions, or give the place to addr2line. */
inline std::string frame_text(void* address) {
    /* A return address lies behind its call, which may be the last instruction of its function. */
    char* const call = static_cast<char*>(address) - 1;
    std::ostringstream text;
    Dl_info info;
    if (dladdr(call, &info) == 0) {
        text << address;
        return text.str();
    }
    if (info.dli_sname != nullptr) {
        int status = 0;
        char* name = abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status);
        text << (status == 0 ? name : info.dli_sname) << " in ";
        free(name);
    }
    text << info.dli_fname << "+0x" << std::hex << call - static_cast<char*>(info.dli_fbase);
    return text.str();
}

/* What the test framework allocates for itself during a test: by the demangled names of the stack,
 * the innermost first. */
using IsFrameworks = bool (*)(const std::vector<std::string>& frames);

inline bool none_is_frameworks(const std::vector<std::string>&) {
    return false;
}

/* "" where nothing is left of what this thread allocated since the mark, or where that is not
 * known. */
inline std::string leaks_text(const Mark& mark, IsFrameworks is_frameworks = none_is_frameworks) {
    constexpr size_t kSites = 256;  // at first; more where there are more
    constexpr size_t kSitesShown = 8;
    constexpr size_t kFrames = 24;
    const IgnoreScope own_allocations;
    std::vector<heapdrift_site> sites(kSites);
    heapdrift_growth growth = mark.growth(sites.data(), sites.size());
    while (growth.known != 0 && growth.sites > sites.size()) {
        sites.resize(growth.sites);
        growth = mark.growth(sites.data(), sites.size());
    }
    if (growth.known == 0) return "";
    size_t blocks = 0;
    size_t bytes = 0;
    size_t stacks = 0;
    std::ostringstream text;
    for (size_t i = 0; i < growth.sites; ++i) {
        void* addresses[kFrames];
        const size_t count = heapdrift_site_frames(sites[i].site, addresses, kFrames);
        std::vector<std::string> frames;
        for (size_t frame = 0; frame < count && frame < kFrames; ++frame) {
            frames.push_back(frame_text(addresses[frame]));
            if (frames.back().compare(0, 8, "main in ") == 0) break;
        }
        if (is_frameworks(frames)) continue;
        blocks += sites[i].live_allocations;
        bytes += sites[i].live_bytes;
        if (++stacks > kSitesShown) continue;
        text << "\n  " << sites[i].live_bytes << " bytes in " << sites[i].live_allocations
             << (sites[i].live_allocations == 1 ? " block" : " blocks") << ", allocated by";
        for (const std::string& frame : frames) text << "\n    " << frame;
    }
    if (blocks == 0) return "";
    if (stacks > kSitesShown) text << "\n  and by " << stacks - kSitesShown << " more call stacks";
    std::ostringstream head;
    head << bytes << " bytes in " << blocks
         << (blocks == 1 ? " block that this test allocated are"
                         : " blocks that this test allocated are")
         << " still live:";
    return head.str() + text.str();
}

}  // namespace heapdrift

#endif
