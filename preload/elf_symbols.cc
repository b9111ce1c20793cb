#include "preload/elf_symbols.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include "preload/text.h"

namespace heapdrift {
namespace {

struct SymbolTables {
    const Elf64_Sym* symbols = nullptr;
    const char* strings = nullptr;
    const uint32_t* gnu_hash = nullptr;
    const uint32_t* sysv_hash = nullptr;
};

// The loader turns the dynamic section's offsets into addresses, but not where it cannot write, as
// in the vDSO.
template <typename T>
const T* table_at(const link_map& module, uint64_t value) {
    return reinterpret_cast<const T*>(value < module.l_addr ? value + module.l_addr : value);
}

SymbolTables tables_of(const link_map& module) {
    SymbolTables tables;
    for (const Elf64_Dyn* entry = module.l_ld; entry != nullptr && entry->d_tag != DT_NULL;
         ++entry) {
        switch (entry->d_tag) {
            case DT_SYMTAB:
                tables.symbols = table_at<Elf64_Sym>(module, entry->d_un.d_ptr);
                break;
            case DT_STRTAB:
                tables.strings = table_at<char>(module, entry->d_un.d_ptr);
                break;
            case DT_GNU_HASH:
                tables.gnu_hash = table_at<uint32_t>(module, entry->d_un.d_ptr);
                break;
            case DT_HASH:
                tables.sysv_hash = table_at<uint32_t>(module, entry->d_un.d_ptr);
                break;
            default:
                break;
        }
    }
    return tables;
}

bool defines(const SymbolTables& tables, uint32_t index, const char* name) {
    const Elf64_Sym& symbol = tables.symbols[index];
    return symbol.st_shndx != SHN_UNDEF && symbol.st_value != 0 &&
           ELF64_ST_TYPE(symbol.st_info) == STT_FUNC &&
           text_equal(tables.strings + symbol.st_name, name);
}

uint32_t find_by_gnu_hash(const SymbolTables& tables, const char* name) {
    uint32_t hash = 5381;
    for (const char* c = name; *c != '\0'; ++c) hash = hash * 33 + static_cast<uint8_t>(*c);
    const uint32_t bucket_count = tables.gnu_hash[0];
    const uint32_t first_symbol = tables.gnu_hash[1];
    const uint32_t filter_words = tables.gnu_hash[2];
    if (bucket_count == 0) return 0;
    const uint32_t* buckets = tables.gnu_hash + 4 + 2 * filter_words;
    const uint32_t* chains = buckets + bucket_count;
    uint32_t index = buckets[hash % bucket_count];
    if (index < first_symbol) return 0;
    for (;; ++index) {
        const uint32_t entry = chains[index - first_symbol];
        if ((entry | 1) == (hash | 1) && defines(tables, index, name)) return index;
        if ((entry & 1) != 0) return 0;
    }
}

uint32_t find_by_sysv_hash(const SymbolTables& tables, const char* name) {
    uint32_t hash = 0;
    for (const char* c = name; *c != '\0'; ++c) {
        hash = (hash << 4) + static_cast<uint8_t>(*c);
        const uint32_t high = hash & 0xf000'0000;
        hash = (hash ^ high >> 24) & ~high;
    }
    const uint32_t bucket_count = tables.sysv_hash[0];
    if (bucket_count == 0) return 0;
    const uint32_t* buckets = tables.sysv_hash + 2;
    const uint32_t* chains = buckets + bucket_count;
    uint32_t index = buckets[hash % bucket_count];
    while (index != 0 && !defines(tables, index, name)) index = chains[index];
    return index;
}

}  // namespace

const link_map* module_of(const void* address) {
    dl_find_object found{};
    return _dl_find_object(const_cast<void*>(address), &found) == 0 ? found.dlfo_link_map : nullptr;
}

void* find_defined(const link_map& module, const char* name) {
    const SymbolTables tables = tables_of(module);
    if (tables.symbols == nullptr || tables.strings == nullptr) return nullptr;
    uint32_t index = 0;
    if (tables.gnu_hash != nullptr)
        index = find_by_gnu_hash(tables, name);
    else if (tables.sysv_hash != nullptr)
        index = find_by_sysv_hash(tables, name);
    if (index == 0) return nullptr;
    return reinterpret_cast<void*>(module.l_addr + tables.symbols[index].st_value);
}

void* find_defined_behind(const void* address, const char* name) {
    const link_map* ours = module_of(address);
    if (ours == nullptr) return nullptr;
    for (const link_map* module = ours->l_next; module != nullptr; module = module->l_next)
        if (void* found = find_defined(*module, name)) return found;
    for (const link_map* module = ours->l_prev; module != nullptr; module = module->l_prev)
        if (void* found = find_defined(*module, name)) return found;
    return nullptr;
}

}  // namespace heapdrift
