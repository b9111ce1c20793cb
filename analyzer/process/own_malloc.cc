#include <fcntl.h>
#include <gelf.h>

#include <memory>
#include <string_view>

#include "analyzer/process/executable.h"
#include "analyzer/process/file_descriptor.h"

namespace heapdrift::process {
namespace {

bool section_defines_malloc(Elf* elf, Elf_Scn* section, const GElf_Shdr& header) {
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr || header.sh_entsize == 0) return false;
    const auto count = static_cast<int>(header.sh_size / header.sh_entsize);
    for (int i = 0; i < count; ++i) {
        GElf_Sym symbol;
        if (gelf_getsym(data, i, &symbol) == nullptr) return false;
        // A value without a section is the address of a PLT entry: used here, not defined.
        if (symbol.st_shndx == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
        const char* name = elf_strptr(elf, header.sh_link, symbol.st_name);
        if (name != nullptr && std::string_view(name) == "malloc") return true;
    }
    return false;
}

}  // namespace

bool defines_own_malloc(const std::string& path) {
    const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.is_open() || elf_version(EV_CURRENT) == EV_NONE) return false;
    const std::unique_ptr<Elf, int (*)(Elf*)> elf(elf_begin(fd.get(), ELF_C_READ_MMAP, nullptr),
                                                  elf_end);
    if (elf == nullptr || elf_kind(elf.get()) != ELF_K_ELF) return false;
    for (Elf_Scn* section = elf_nextscn(elf.get(), nullptr); section != nullptr;
         section = elf_nextscn(elf.get(), section)) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == nullptr) continue;
        if (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM) continue;
        if (section_defines_malloc(elf.get(), section, header)) return true;
    }
    return false;
}

}  // namespace heapdrift::process
