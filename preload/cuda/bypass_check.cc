#include "preload/cuda/bypass_check.h"

#include <elf.h>
#include <link.h>

#include "preload/cuda/driver_library.h"
#include "preload/elf_symbols.h"
#include "preload/recorder.h"
#include "preload/text.h"
#include "preload/thread_local.h"

// Ours, whatever the program's search order finds first; see interpose_dlsym.cc.
extern "C" [[gnu::visibility("hidden")]] void* heapdrift_own_dlsym(void*, const char*);

namespace heapdrift::cuda {
namespace {

struct Binding {
    bool to_us = false;    // a function of the driver's, bound to our hook
    bool past_us = false;  // the same, bound to something else
    bool other_dlsym = false;
};

class LoadedModule {
public:
    explicit LoadedModule(const dl_phdr_info& info) : info_(info) {
        for (int i = 0; i < info.dlpi_phnum; ++i) {
            const Elf64_Phdr& header = info.dlpi_phdr[i];
            if (header.p_type == PT_DYNAMIC)
                dynamic_ = reinterpret_cast<const Elf64_Dyn*>(info.dlpi_addr + header.p_vaddr);
        }
        for (const Elf64_Dyn* entry = dynamic_; entry != nullptr && entry->d_tag != DT_NULL;
             ++entry)
            note(*entry);
    }

    const void* address() const { return dynamic_; }

    Binding bindings() const {
        Binding found;
        if (symbols_ == nullptr || strings_ == nullptr) return found;
        look_at(jumps_, jumps_ + jump_bytes_ / sizeof(Elf64_Rela), found);
        look_at(others_ + relative_count_, others_ + other_bytes_ / sizeof(Elf64_Rela), found);
        return found;
    }

    // Whether a constant of the module names the driver's library.
    bool names_driver() const {
        constexpr char kName[] = "libcuda.so";
        for (int i = 0; i < info_.dlpi_phnum; ++i) {
            const Elf64_Phdr& header = info_.dlpi_phdr[i];
            if (header.p_type != PT_LOAD || (header.p_flags & PF_R) == 0 ||
                (header.p_flags & PF_W) != 0 || header.p_filesz < sizeof(kName))
                continue;
            const auto* begin = reinterpret_cast<const char*>(info_.dlpi_addr + header.p_vaddr);
            const char* end = begin + header.p_filesz - sizeof(kName);
            for (const char* at = begin; at <= end; ++at)
                if (*at == kName[0] && __builtin_memcmp(at, kName, sizeof(kName) - 1) == 0)
                    return true;
        }
        return false;
    }

private:
    template <typename T>
    const T* table(const Elf64_Dyn& entry) const {
        const uint64_t value = entry.d_un.d_ptr;
        return reinterpret_cast<const T*>(value < info_.dlpi_addr ? value + info_.dlpi_addr
                                                                  : value);
    }

    void note(const Elf64_Dyn& entry) {
        switch (entry.d_tag) {
            case DT_SYMTAB:
                symbols_ = table<Elf64_Sym>(entry);
                break;
            case DT_STRTAB:
                strings_ = table<char>(entry);
                break;
            case DT_JMPREL:
                jumps_ = table<Elf64_Rela>(entry);
                break;
            case DT_PLTRELSZ:
                jump_bytes_ = entry.d_un.d_val;
                break;
            case DT_RELA:
                others_ = table<Elf64_Rela>(entry);
                break;
            case DT_RELASZ:
                other_bytes_ = entry.d_un.d_val;
                break;
            case DT_RELACOUNT:
                relative_count_ = entry.d_un.d_val;
                break;
            default:
                break;
        }
    }

    void look_at(const Elf64_Rela* from, const Elf64_Rela* to, Binding& found) const {
        for (const Elf64_Rela* each = from; each < to; ++each) {
            const uint64_t kind = ELF64_R_TYPE(each->r_info);
            if (kind != R_X86_64_JUMP_SLOT && kind != R_X86_64_GLOB_DAT && kind != R_X86_64_64)
                continue;
            const char* name = strings_ + symbols_[ELF64_R_SYM(each->r_info)].st_name;
            const bool is_dlsym = text_equal(name, "dlsym");
            if (!is_dlsym && (name[0] != 'c' || name[1] != 'u')) continue;
            const Entry entry = is_dlsym ? Entry::count : find_symbol(name);
            if (!is_dlsym && entry == Entry::count) continue;
            void* bound = *reinterpret_cast<void* const*>(info_.dlpi_addr + each->r_offset);
            // Not called yet, or the module's own.
            if (bound == nullptr || module_of(bound) == module_of(dynamic_)) continue;
            if (is_dlsym)
                found.other_dlsym |= bound != reinterpret_cast<void*>(&heapdrift_own_dlsym);
            else
                (bound == hook_of(entry) ? found.to_us : found.past_us) = true;
        }
    }

    const dl_phdr_info& info_;
    const Elf64_Dyn* dynamic_ = nullptr;
    const Elf64_Sym* symbols_ = nullptr;
    const char* strings_ = nullptr;
    const Elf64_Rela* jumps_ = nullptr;
    const Elf64_Rela* others_ = nullptr;
    uint64_t jump_bytes_ = 0;
    uint64_t other_bytes_ = 0;
    uint64_t relative_count_ = 0;
};

int check_module(dl_phdr_info* info, size_t, void* around) {
    const LoadedModule module(*info);
    if (module.address() == nullptr || is_driver(module.address())) return 0;
    if (module_of(module.address()) == module_of(reinterpret_cast<void*>(&check_module))) return 0;
    const Binding binding = module.bindings();
    if (binding.past_us || (binding.other_dlsym && module.names_driver()))
        ++*static_cast<uint32_t*>(around);
    else if (binding.to_us)
        note_module(module.address());
    return 0;
}

// The driver allocates memory of the host's, too, so stacks have led through it.
bool driver_in_process() {
    CudaFigures& figures = recorder.file.header().cuda;
    if (figures.driver_seen.load(std::memory_order_relaxed) != 0) return true;
    const uint32_t count = recorder.file.control().module_count.load(std::memory_order_relaxed);
    for (uint32_t i = 0; i < count; ++i) {
        const Module& module = recorder.file.module(i);
        if (module.path_size.load(std::memory_order_acquire) != 0 &&
            text_contains(module.path, "/libcuda.so"))
            return true;
    }
    return false;
}

}  // namespace

void check_for_bypass() {
    CudaFigures& figures = recorder.file.header().cuda;
    if (figures.modules_checked.load(std::memory_order_relaxed) != 0 || !driver_in_process())
        return;
    note_driver_seen();
    uint32_t around = 0;
    {
        const BusyScope internal(Busy::internal);
        dl_iterate_phdr(check_module, &around);
    }
    figures.modules_around.store(around, std::memory_order_relaxed);
    figures.modules_checked.store(1, std::memory_order_relaxed);
}

}  // namespace heapdrift::cuda
