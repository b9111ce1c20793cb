#include "analyzer/symbolize/string_function.h"

#include <gelf.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <span>

#include "analyzer/symbolize/module_file.h"

namespace heapdrift::symbolize {

namespace {

// More is no list of rules that someone wrote.
constexpr size_t kLongestText = 1 << 20;

struct EndElf {
    void operator()(Elf* elf) const { elf_end(elf); }
};

class ElfFile {
public:
    explicit ElfFile(int descriptor) : elf_(elf_begin(descriptor, ELF_C_READ, nullptr)) {}

    bool valid() const {
        return elf_ != nullptr && elf_kind(elf_.get()) == ELF_K_ELF &&
               gelf_getclass(elf_.get()) == ELFCLASS64;
    }

    // What the file has at a link-time address, up to the end of its segment there; empty for what
    // it does not have.
    std::span<const uint8_t> bytes_at(uint64_t address) const {
        size_t count = 0;
        if (elf_getphdrnum(elf_.get(), &count) != 0) return {};
        for (size_t i = 0; i < count; ++i) {
            GElf_Phdr header;
            if (gelf_getphdr(elf_.get(), static_cast<int>(i), &header) == nullptr ||
                header.p_type != PT_LOAD || address < header.p_vaddr ||
                address - header.p_vaddr >= header.p_filesz)
                continue;
            const uint64_t offset = address - header.p_vaddr;
            const size_t size = std::min<uint64_t>(header.p_filesz - offset, kLongestText);
            Elf_Data* data = elf_getdata_rawchunk(
                elf_.get(), static_cast<int64_t>(header.p_offset + offset), size, ELF_T_BYTE);
            if (data == nullptr) return {};
            return {static_cast<const uint8_t*>(data->d_buf), data->d_size};
        }
        return {};
    }

    // Of the full table of symbols where there is one, else of the dynamic one.
    std::optional<uint64_t> function_address(const char* name) const {
        std::optional<uint64_t> found;
        for (Elf_Scn* section = nullptr;
             (section = elf_nextscn(elf_.get(), section)) != nullptr && !found;) {
            GElf_Shdr header;
            if (gelf_getshdr(section, &header) == nullptr || header.sh_entsize == 0 ||
                (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
                continue;
            Elf_Data* data = elf_getdata(section, nullptr);
            const size_t count = data == nullptr ? 0 : data->d_size / header.sh_entsize;
            for (size_t i = 0; i < count && !found; ++i) {
                GElf_Sym symbol;
                if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr ||
                    symbol.st_shndx == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) != STT_FUNC ||
                    GELF_ST_BIND(symbol.st_info) == STB_LOCAL)
                    continue;
                const char* text = elf_strptr(elf_.get(), header.sh_link, symbol.st_name);
                if (text != nullptr && std::strcmp(text, name) == 0) found = symbol.st_value;
            }
        }
        return found;
    }

private:
    std::unique_ptr<Elf, EndElf> elf_;
};

// The address that x86-64 code at `address` returns, if that is all it does: with or without a
// landing mark and a frame.
class ReturnedAddress {
public:
    ReturnedAddress(std::span<const uint8_t> code, uint64_t address)
        : code_(code), address_(address) {}

    std::optional<uint64_t> find() {
        skip({0xf3, 0x0f, 0x1e, 0xfa});                      // endbr64
        const bool framed = skip({0x55, 0x48, 0x89, 0xe5});  // push %rbp; mov %rsp,%rbp
        uint64_t value = 0;
        if (skip({0x48, 0x8d, 0x05})) {  // lea disp(%rip),%rax
            const auto distance = static_cast<int64_t>(static_cast<int32_t>(number(4)));
            value = address_ + at_ + static_cast<uint64_t>(distance);
        } else if (skip({0xb8})) {  // mov imm32,%eax
            value = number(4);
        } else if (skip({0x48, 0xb8})) {  // movabs imm64,%rax
            value = number(8);
        } else {
            return std::nullopt;
        }
        if (framed && !skip({0x5d})) return std::nullopt;  // pop %rbp
        skip({0xf3});                                      // rep
        if (!skip({0xc3}) || failed_) return std::nullopt;
        return value;
    }

private:
    bool skip(std::initializer_list<uint8_t> bytes) {
        if (code_.size() - at_ < bytes.size() ||
            !std::equal(bytes.begin(), bytes.end(), code_.begin() + static_cast<ptrdiff_t>(at_)))
            return false;
        at_ += bytes.size();
        return true;
    }
    uint64_t number(size_t size) {
        uint64_t value = 0;
        failed_ = failed_ || code_.size() - at_ < size;
        if (failed_) return 0;
        std::memcpy(&value, code_.data() + at_, size);
        at_ += size;
        return value;
    }

    std::span<const uint8_t> code_;
    uint64_t address_;
    size_t at_ = 0;
    bool failed_ = false;
};

}  // namespace

StringFunction find_string_function(const model::Module& module, const char* name) {
    StringFunction result;
    const std::optional<ModuleFile> file = open_module_file(module, {});
    if (!file) return result;
    const ElfFile elf(file->descriptor.number());
    if (!elf.valid()) return result;
    const std::optional<uint64_t> function = elf.function_address(name);
    if (!function) return result;
    result.defined = true;
    const std::optional<uint64_t> address =
        ReturnedAddress(elf.bytes_at(*function), *function).find();
    if (!address) return result;
    const std::span<const uint8_t> bytes = elf.bytes_at(*address);
    const void* end = bytes.empty() ? nullptr : std::memchr(bytes.data(), 0, bytes.size());
    if (end != nullptr) result.text = reinterpret_cast<const char*>(bytes.data());
    return result;
}

}  // namespace heapdrift::symbolize
