#include "preload/unwind/module_image.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include "preload/unwind/memory_probe.h"

namespace heapdrift {
namespace {

template <typename T>
const T* at(uint64_t address) {
    return reinterpret_cast<const T*>(address);
}

const Elf64_Ehdr* elf_header(uint64_t address) {
    if (address % alignof(Elf64_Ehdr) != 0 || !module_page_is_readable(address)) return nullptr;
    const auto* header = at<Elf64_Ehdr>(address);
    const bool plausible =
        header->e_ident[EI_MAG0] == ELFMAG0 && header->e_ident[EI_MAG1] == ELFMAG1 &&
        header->e_ident[EI_MAG2] == ELFMAG2 && header->e_ident[EI_MAG3] == ELFMAG3 &&
        header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_phentsize == sizeof(Elf64_Phdr);
    return plausible ? header : nullptr;
}

struct ProgramHeaders {
    uint64_t begin;
    uint64_t count;
};

// They are believed when one of them says that a segment begins where the loader has found one.
bool describe_the_image(const ProgramHeaders& headers, const ModuleImage& image) {
    const uint64_t size = headers.count * sizeof(Elf64_Phdr);
    if (headers.count > 0xffff || headers.begin % alignof(Elf64_Phdr) != 0) return false;
    for (uint64_t page = page_of(headers.begin); page < headers.begin + size;
         page += kProbePageSize)
        if (!module_page_is_readable(page)) return false;
    for (uint64_t i = 0; i < headers.count; ++i) {
        const Elf64_Phdr& header = at<Elf64_Phdr>(headers.begin)[i];
        if (header.p_type == PT_LOAD &&
            page_of(header.p_vaddr + image.load_bias) == page_of(image.mapped.begin))
            return true;
    }
    return false;
}

// Of a program with holes between its segments the loader tells one segment only, which need not
// be that of the ELF header: the kernel has told where its program headers are.
bool find_program_headers(ModuleImage& image, ProgramHeaders& headers) {
    const char* name = image.loaded->l_name;
    if (name == nullptr || *name == '\0') {
        headers = {getauxval(AT_PHDR), getauxval(AT_PHNUM)};
        image.entry = getauxval(AT_ENTRY);
        if (headers.begin != 0 && describe_the_image(headers, image)) return true;
    }
    const Elf64_Ehdr* header = elf_header(image.mapped.begin);
    if (header == nullptr) return false;
    image.entry = header->e_entry == 0 ? 0 : header->e_entry + image.load_bias;
    headers = {image.mapped.begin + header->e_phoff, header->e_phnum};
    return describe_the_image(headers, image);
}

void add_range(const Elf64_Phdr& header, ModuleImage& image) {
    const uint64_t begin = header.p_vaddr + image.load_bias;
    // It may end beyond the last segment, with the page.
    if (header.p_type == PT_GNU_RELRO && image.mapped.contains(begin, 1))
        image.relro = {begin, begin + header.p_memsz};
    if (!image.mapped.contains(begin, header.p_filesz)) return;
    const MemoryRange range{begin, begin + header.p_filesz};
    if (header.p_type == PT_LOAD && (header.p_flags & PF_R) != 0 &&
        image.segment_count < ModuleImage::kMaxSegments)
        image.segments[image.segment_count++] = range;
    if (header.p_type == PT_NOTE && image.note_count < ModuleImage::kMaxNotes)
        image.notes[image.note_count++] = range;
}

void read_program_headers(ModuleImage& image) {
    ProgramHeaders headers;
    if (!find_program_headers(image, headers)) return;
    const auto* first = at<Elf64_Phdr>(headers.begin);
    for (uint64_t i = 0; i < headers.count; ++i) {
        if (first[i].p_type != PT_LOAD) continue;
        const uint64_t begin = first[i].p_vaddr + image.load_bias;
        const uint64_t end = begin + first[i].p_memsz;
        if (begin < image.mapped.begin) image.mapped.begin = begin;
        if (end > begin && end > image.mapped.end) image.mapped.end = end;
    }
    for (uint64_t i = 0; i < headers.count; ++i) add_range(first[i], image);
}

}  // namespace

bool ModuleImage::readable(uint64_t address, uint64_t size) const {
    if (segment_count == 0)
        return mapped.contains(address, size) && range_is_readable(address, address + size);
    for (uint32_t i = 0; i < segment_count; ++i)
        if (segments[i].contains(address, size)) return true;
    return false;
}

ByteCursor ModuleImage::cursor(uint64_t address, uint64_t size) const {
    if (segment_count == 0)
        return readable(address, size) ? ByteCursor(address, address + size) : ByteCursor(1, 0);
    for (uint32_t i = 0; i < segment_count; ++i) {
        const MemoryRange& segment = segments[i];
        if (!segment.contains(address, 1)) continue;
        const uint64_t left = segment.end - address;
        return ByteCursor(address, address + (size < left ? size : left));
    }
    return ByteCursor(1, 0);
}

bool find_module_image(uint64_t address, ModuleImage& image) {
    dl_find_object found;
    if (_dl_find_object(reinterpret_cast<void*>(address), &found) != 0) return false;
    image.mapped = {reinterpret_cast<uint64_t>(found.dlfo_map_start),
                    reinterpret_cast<uint64_t>(found.dlfo_map_end)};
    image.loaded = found.dlfo_link_map;
    image.load_bias = found.dlfo_link_map->l_addr;
    image.eh_frame_hdr = reinterpret_cast<uint64_t>(found.dlfo_eh_frame);
    read_program_headers(image);
    return true;
}

}  // namespace heapdrift
