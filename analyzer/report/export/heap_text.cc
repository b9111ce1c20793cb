#include "analyzer/report/export/heap_text.h"

#include <fmt/format.h>

#include "analyzer/report/export/module_layout.h"

namespace heapdrift::report {

namespace {

std::string counts(const model::Figures& figures) {
    return fmt::format("{:6}: {:8} [{:6}: {:8}] @", figures.live_allocations, figures.live_bytes,
                       figures.allocations, figures.allocated_bytes);
}

}  // namespace

void write_heap_text(std::ostream& out, const ExportDocument& document) {
    const model::Profile& profile = document.profile;
    ModuleLayout layout;
    layout.add(document);
    model::Figures total;
    for (const model::Site& site : profile.sites) total += site.figures;
    out << "heap profile: " << counts(total) << " heapprofile\n";
    for (const model::Site& site : profile.sites) {
        out << counts(site.figures);
        for (const uint32_t number : profile.frames_of(site)) {
            const model::CodeAddress& code = profile.addresses[number];
            uint64_t address = layout.address(profile, code);
            // Readers look up one less, as return addresses need it. Labels have no address.
            if (code.kind == FrameKind::interrupted) ++address;
            if (code.kind == FrameKind::native || code.kind == FrameKind::interrupted)
                out << fmt::format(" {:#018x}", address);
        }
        out << '\n';
    }
    out << "\nMAPPED_LIBRARIES:\n";
    // As /proc/PID/maps shows them: readers find an address in the file by these.
    for (const ModuleLayout::Range& range : layout.ranges())
        for (const model::CodeSegment& code : range.code)
            out << fmt::format("{:x}-{:x} r-xp {:08x} 00:00 0 {}\n", range.load_bias + code.start,
                               range.load_bias + code.end, code.file_offset, range.module->path);
}

}  // namespace heapdrift::report
