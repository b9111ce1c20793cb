#include "preload/loaded_modules.h"

#include "core/session_format.h"
#include "preload/elf_symbols.h"
#include "preload/syscalls.h"
#include "preload/unwind/module_image.h"

namespace heapdrift {
namespace {

struct Walk {
    void (*visit)(const link_map&, void*);
    void* context;
    unsigned long long* adds;
};

// Where the loader keeps its lists for debuggers, one for each namespace: the program's dynamic
// section leads there.
const r_debug_extended* lists() {
    const link_map* first = module_of(reinterpret_cast<const void*>(&lists));
    if (first == nullptr) return nullptr;
    while (first->l_prev != nullptr) first = first->l_prev;
    for (const Elf64_Dyn* entry = first->l_ld; entry != nullptr && entry->d_tag != DT_NULL; ++entry)
        if (entry->d_tag == DT_DEBUG)
            return reinterpret_cast<const r_debug_extended*>(entry->d_un.d_ptr);
    return nullptr;
}

void visit_list(const link_map* module, const Walk& walk) {
    for (; module != nullptr; module = module->l_next) {
        if (module->l_ld == nullptr) continue;
        const link_map* found = module_of(module->l_ld);
        if (found == module) walk.visit(*module, walk.context);
        // Only what is relocated can be found by its address: another time.
        if (found == nullptr && walk.adds != nullptr) *walk.adds = 0;
    }
}

// dl_iterate_phdr holds the lock by which the lists change, of whichever namespace. It is called
// for that alone, as it shows the modules of one namespace.
int visit_all(dl_phdr_info* info, size_t, void* context) {
    const Walk& walk = *static_cast<const Walk*>(context);
    if (walk.adds != nullptr) {
        if (*walk.adds == info->dlpi_adds) return 1;
        *walk.adds = info->dlpi_adds;
    }
    const r_debug_extended* list = lists();
    if (list == nullptr) {
        const link_map* first = module_of(reinterpret_cast<const void*>(&visit_all));
        while (first != nullptr && first->l_prev != nullptr) first = first->l_prev;
        visit_list(first, walk);
        return 1;
    }
    // Of version 1 there is no next one.
    const bool extended = list->base.r_version > 1;
    do {
        visit_list(list->base.r_map, walk);
        list = extended ? list->r_next : nullptr;
    } while (list != nullptr);
    return 1;
}

template <typename T>
const T* table(const link_map& module, uint64_t value) {
    return reinterpret_cast<const T*>(value < module.l_addr ? value + module.l_addr : value);
}

// Then places that the loader has bound may lie in read-only segments.
bool relocates_text(const link_map& module) {
    for (const Elf64_Dyn* entry = module.l_ld; entry->d_tag != DT_NULL; ++entry)
        if (entry->d_tag == DT_TEXTREL ||
            (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0))
            return true;
    return false;
}

constexpr uint64_t page_under(uint64_t address) {
    return address & ~uint64_t{kPageSize - 1};
}

}  // namespace

void visit_modules(void (*visit)(const link_map&, void*), void* context, unsigned long long* adds) {
    Walk walk{visit, context, adds};
    dl_iterate_phdr(visit_all, &walk);
}

ModuleBindings::ModuleBindings(const link_map& module) : module_(module) {
    for (const Elf64_Dyn* entry = module.l_ld; entry->d_tag != DT_NULL; ++entry) {
        const uint64_t value = entry->d_un.d_val;
        switch (entry->d_tag) {
            case DT_SYMTAB:
                symbols_ = table<Elf64_Sym>(module, value);
                break;
            case DT_STRTAB:
                strings_ = table<char>(module, value);
                break;
            case DT_JMPREL:
                jumps_ = table<Elf64_Rela>(module, value);
                break;
            case DT_PLTRELSZ:
                jump_bytes_ = value;
                break;
            case DT_RELA:
                others_ = table<Elf64_Rela>(module, value);
                break;
            case DT_RELASZ:
                other_bytes_ = value;
                break;
            case DT_RELACOUNT:
                relative_count_ = value;
                break;
            default:
                break;
        }
    }
}

bool ModuleBindings::resolved(const Binding& binding) const {
    const void* bound = *binding.place;
    return bound != nullptr && module_of(bound) != &module_;
}

bool bind(const link_map& module, const Binding& binding, void* function) {
    ModuleImage image;
    if (!find_module_image(reinterpret_cast<uint64_t>(module.l_ld), image) ||
        image.segment_count == 0 || relocates_text(module))
        return false;
    const auto place = reinterpret_cast<uint64_t>(binding.place);
    const bool guarded =
        page_under(image.relro.begin) <= place && place < page_under(image.relro.end);
    const auto page = static_cast<long>(page_under(place));
    const auto protect = [&](int protection) {
        return !sys::failed(sys::call(SYS_mprotect, page, kPageSize, protection));
    };
    if (guarded && !protect(PROT_READ | PROT_WRITE)) return false;
    __atomic_store_n(binding.place, function, __ATOMIC_RELEASE);
    if (guarded) protect(PROT_READ);
    return true;
}

}  // namespace heapdrift
