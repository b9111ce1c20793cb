#include "analyzer/symbolize/code_segments.h"

#include <gelf.h>
#include <libelf.h>

#include "analyzer/symbolize/module_file.h"

namespace heapdrift::symbolize {

namespace {

constexpr uint64_t kPage = 4096;

constexpr uint64_t page_start(uint64_t address) {
    return address / kPage * kPage;
}

}  // namespace

std::vector<model::CodeSegment> code_segments(const model::Module& module) {
    std::vector<model::CodeSegment> segments;
    const auto file = open_module_file(module, {});
    if (!file) return segments;
    Elf* elf = elf_begin(file->descriptor.number(), ELF_C_READ, nullptr);
    size_t count = 0;
    if (elf == nullptr || elf_getphdrnum(elf, &count) != 0) count = 0;
    for (size_t i = 0; i < count; ++i) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr) break;
        if (header.p_type == PT_LOAD && (header.p_flags & PF_X) != 0)
            segments.push_back({page_start(header.p_vaddr),
                                page_start(header.p_vaddr + header.p_memsz + kPage - 1),
                                page_start(header.p_offset)});
    }
    if (elf != nullptr) elf_end(elf);
    return segments;
}

}  // namespace heapdrift::symbolize
