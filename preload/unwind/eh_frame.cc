#include "preload/unwind/eh_frame.h"

#include "preload/unwind/cfi_program.h"
#include "preload/unwind/image_cache.h"

namespace heapdrift {
namespace {

bool find_frame_description(const UnwindImage& image, uint64_t address, FrameDescription& out) {
    const uint64_t description = search(image.table, image.module, address);
    return description != 0 && read_frame_description(image.module, description, out) &&
           address >= out.function_begin && address < out.function_end;
}

// A return address that is the first instruction of a function was put on the stack by hand, not
// by a call: so begin the coroutines of makecontext.
bool begins_a_function(const UnwindImage& image, uint64_t pc) {
    FrameDescription description;
    return find_frame_description(image, pc, description) && description.function_begin == pc;
}

// Entry points in assembly that come without unwind information: the loader's, which calls the
// constructors of all modules, and _start of old C libraries.
bool is_entry_point(const ModuleImage& image, uint64_t pc) {
    constexpr uint64_t kEntryCodeSize = 128;
    return image.entry != 0 && pc >= image.entry && pc - image.entry < kEntryCodeSize;
}

// Run: what turns a description into the rule of a pc.
template <typename Run>
UnwindRule find_rule(const UnwindImage& image, uint64_t pc, PcKind kind, Run run) {
    if (image.table.count == 0)
        return is_entry_point(image.module, pc) ? end_rule() : refused_rule();
    FrameDescription description;
    if (find_frame_description(image, lookup_address(pc, kind), description))
        return run(description);
    const bool outermost = is_entry_point(image.module, pc) ||
                           (kind == PcKind::return_address && begins_a_function(image, pc));
    return outermost ? end_rule() : refused_rule();
}

}  // namespace

UnwindRule find_rule(const ModuleImage& image, uint64_t pc, PcKind kind) {
    return find_rule(UnwindImage{image, read_search_table(image)}, pc, kind,
                     [&](const FrameDescription& description) {
                         return run_cfi_program(description, pc, kind);
                     });
}

ComputedRule compute_rule(uint64_t pc, PcKind kind) {
    // Before anything is read that an unload would change.
    const uint64_t generation = image_cache.generation();
    // The byte before: a call may be the last instruction of a module.
    const uint64_t address = lookup_address(pc, kind);
    const UnwindImage* image = image_cache.find(address);
    UnwindImage fresh;
    if (image == nullptr) {
        if (!find_module_image(address, fresh.module)) return {refused_rule(), false};
        fresh.table = read_search_table(fresh.module);
        image_cache.keep(fresh, generation);
        image = &fresh;
    }
    const auto run = [&](const FrameDescription& description) {
        return run_loaded_cfi_program(description, pc, kind, generation);
    };
    return {find_rule(*image, pc, kind, run), true};
}

}  // namespace heapdrift
