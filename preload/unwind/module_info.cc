#include "preload/unwind/module_info.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include "preload/syscalls.h"
#include "preload/unwind/module_image.h"

namespace heapdrift {
namespace {

class PathWriter {
public:
    explicit PathWriter(ModuleInfo& info) : info_(info) {}

    void append(const char* text) {
        for (; *text != '\0'; ++text) append(*text);
    }

    void append(char letter) {
        if (info_.path_size + 1 < ModuleInfo::kMaxPath) {
            info_.path[info_.path_size++] = letter;
            info_.path[info_.path_size] = '\0';
        } else {
            info_.path_cut = true;
        }
    }

    bool empty() const { return info_.path_size == 0; }

    // As the kernel writes it, from a system call that is given the free part of the path.
    // `size` is what it wrote, without a NUL.
    char* free_part() { return info_.path + info_.path_size; }
    uint64_t free_size() const { return ModuleInfo::kMaxPath - 1 - info_.path_size; }
    void added(uint64_t size) {
        info_.path_cut = info_.path_cut || size == free_size();
        info_.path_size += static_cast<uint32_t>(size);
        info_.path[info_.path_size] = '\0';
    }

private:
    ModuleInfo& info_;
};

void write_executable_path(PathWriter& path) {
    const char* kSelf = "/proc/self/exe";
    const long size = sys::call(SYS_readlink, sys::address(kSelf), sys::address(path.free_part()),
                                static_cast<long>(path.free_size()));
    if (size > 0) path.added(static_cast<uint64_t>(size));
    // Without /proc the kernel still says how the program was called.
    if (path.empty()) {
        const auto* name = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
        path.append(name != nullptr ? name : "[program]");
    }
}

void write_working_directory(PathWriter& path) {
    const long size =
        sys::call(SYS_getcwd, sys::address(path.free_part()), static_cast<long>(path.free_size()));
    // The size counts the NUL. A directory outside of the root is "(unreachable)…": left out.
    if (size > 1 && *path.free_part() == '/') path.added(static_cast<uint64_t>(size) - 1);
    path.append('/');
}

// The loader keeps the name by which a module was opened, "" for the program.
void write_path(const ModuleImage& image, PathWriter& path) {
    const char* name = image.loaded->l_name;
    if (image.mapped.begin == getauxval(AT_SYSINFO_EHDR)) return path.append("[vdso]");
    if (name == nullptr || *name == '\0') return write_executable_path(path);
    if (*name != '/') write_working_directory(path);
    path.append(name);
}

bool read_build_id(const ModuleImage& image, const MemoryRange& notes, ModuleInfo& info) {
    ByteCursor cursor = image.cursor(notes.begin, notes.end - notes.begin);
    while (!cursor.at_end()) {
        const uint32_t name_size = cursor.u32();
        const uint32_t description_size = cursor.u32();
        const uint32_t type = cursor.u32();
        ByteCursor name = cursor.take((uint64_t{name_size} + 3) & ~uint64_t{3});
        const bool gnu = name_size == 4 && name.u32() == 0x00554e47;  // "GNU"
        ByteCursor description = cursor.take((uint64_t{description_size} + 3) & ~uint64_t{3});
        if (cursor.failed()) return false;
        if (!gnu || type != NT_GNU_BUILD_ID) continue;
        if (description_size > ModuleInfo::kMaxBuildId) return false;
        for (uint32_t i = 0; i < description_size; ++i) info.build_id[i] = description.u8();
        info.build_id_size = description_size;
        return true;
    }
    return false;
}

}  // namespace

bool find_module_info(uint64_t address, ModuleInfo& info) {
    ModuleImage image;
    if (!find_module_image(address, image)) return false;
    info = {};
    info.start = image.mapped.begin;
    info.end = image.mapped.end;
    info.load_bias = image.load_bias;
    info.loaded = image.loaded;
    for (uint32_t i = 0; i < image.note_count; ++i)
        if (read_build_id(image, image.notes[i], info)) break;
    PathWriter path(info);
    write_path(image, path);
    return true;
}

}  // namespace heapdrift
