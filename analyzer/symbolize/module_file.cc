#include "analyzer/symbolize/module_file.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <libelf.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>

namespace heapdrift::symbolize {
namespace {

constexpr std::string_view kDeleted = " (deleted)";

// nullopt: no ELF file at all.
std::optional<std::string> build_id_of(int descriptor) {
    Elf* elf = elf_begin(descriptor, ELF_C_READ, nullptr);
    if (elf == nullptr) return std::nullopt;
    std::optional<std::string> hex;
    if (elf_kind(elf) == ELF_K_ELF) {
        const void* bytes = nullptr;
        ssize_t size = dwelf_elf_gnu_build_id(elf, &bytes);
        hex.emplace();
        for (ssize_t i = 0; i < size; ++i) {
            *hex += fmt::format("{:02x}", static_cast<const unsigned char*>(bytes)[i]);
        }
    }
    elf_end(elf);
    return hex;
}

// Module paths come from recordings of strangers: a fifo must not block us, nor a device act.
Descriptor open_regular_file(const std::string& path) {
    Descriptor descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (descriptor.number() < 0 || fstat(descriptor.number(), &status) != 0 ||
        !S_ISREG(status.st_mode)) {
        return Descriptor();
    }
    return descriptor;
}

std::optional<ModuleFile> open_if_build(const std::string& path, const std::string& build_id) {
    Descriptor descriptor = open_regular_file(path);
    if (descriptor.number() < 0 || build_id_of(descriptor.number()) != build_id) {
        return std::nullopt;
    }
    return ModuleFile{std::move(descriptor), path};
}

// A file in memory, because everything behind this reads files.
std::optional<ModuleFile> copy_own_vdso(const std::string& build_id) {
    const auto address = getauxval(AT_SYSINFO_EHDR);
    if (address == 0 || build_id.empty()) return std::nullopt;
    const auto* header = reinterpret_cast<const Elf64_Ehdr*>(address);
    // The kernel maps the whole image, and its section headers are the last thing in it.
    size_t size = header->e_shoff + size_t{header->e_shnum} * header->e_shentsize;
    Descriptor descriptor(memfd_create("vdso", MFD_CLOEXEC));
    if (descriptor.number() < 0 ||
        write(descriptor.number(), header, size) != static_cast<ssize_t>(size) ||
        build_id_of(descriptor.number()) != build_id) {
        return std::nullopt;
    }
    return ModuleFile{std::move(descriptor), "[vdso]"};
}

}  // namespace

Descriptor::~Descriptor() {
    if (number_ >= 0) close(number_);
}

std::optional<std::string> build_id_of_file(const std::string& path) {
    elf_version(EV_CURRENT);
    const Descriptor descriptor = open_regular_file(path);
    if (descriptor.number() < 0) return std::nullopt;
    return build_id_of(descriptor.number());
}

std::optional<ModuleFile> open_module_file(const model::Module& module,
                                           const std::vector<std::string>& debug_roots) {
    elf_version(EV_CURRENT);
    const std::string& build_id = module.build_id;
    std::optional<ModuleFile> file;
    if (module.path == "[vdso]") {
        file = copy_own_vdso(build_id);
    } else {
        file = open_if_build(module.path, build_id);
        // The same build may have been put back in the place of the deleted file.
        if (!file && module.path.ends_with(kDeleted) && !build_id.empty()) {
            file = open_if_build(module.path.substr(0, module.path.size() - kDeleted.size()),
                                 build_id);
        }
    }
    if (file || build_id.size() < 4 ||
        build_id.find_first_not_of("0123456789abcdef") != std::string::npos) {
        return file;
    }
    for (const std::string& root : debug_roots) {
        for (const char* suffix : {".debug", ""}) {
            file = open_if_build(fmt::format("{}/.build-id/{}/{}{}", root, build_id.substr(0, 2),
                                             build_id.substr(2), suffix),
                                 build_id);
            if (file) return file;
        }
    }
    return std::nullopt;
}

}  // namespace heapdrift::symbolize
