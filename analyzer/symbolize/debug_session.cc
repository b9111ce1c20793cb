#include "analyzer/symbolize/debug_session.h"

#include <fcntl.h>
#include <gelf.h>
#include <unistd.h>

#include <utility>

namespace heapdrift::symbolize {

std::optional<DebugSession> DebugSession::open(ModuleFile file,
                                               const std::vector<std::string>& debug_roots) {
    DebugSession session;
    session.file_ = std::move(file);
    session.search_ = std::make_unique<Search>();
    // "+": a file found by debug link alone must have the recorded checksum.
    session.search_->path = "+:.debug";
    for (const std::string& root : debug_roots) session.search_->path += ":" + root;
    session.search_->path_pointer = session.search_->path.data();
    Dwfl_Callbacks& callbacks = session.search_->callbacks;
    callbacks.find_elf = dwfl_build_id_find_elf;
    callbacks.find_debuginfo = dwfl_standard_find_debuginfo;
    callbacks.section_address = dwfl_offline_section_address;
    callbacks.debuginfo_path = &session.search_->path_pointer;
    if (!session.begin()) return std::nullopt;
    return session;
}

bool DebugSession::reopen() {
    dwfl_.reset();
    module_ = nullptr;
    dwarf_ = nullptr;
    return begin();
}

bool DebugSession::begin() {
    dwfl_.reset(dwfl_begin(&search_->callbacks));
    if (!dwfl_) return false;
    int descriptor = fcntl(file_.descriptor.number(), F_DUPFD_CLOEXEC, 0);
    if (descriptor < 0) return false;
    const char* path = file_.path.c_str();
    // Base 0: libdwfl's addresses are then the link-time addresses of the file.
    module_ = dwfl_report_elf(dwfl_.get(), path, path, descriptor, 0, true);
    if (module_ == nullptr) {
        close(descriptor);
        return false;
    }
    dwfl_report_end(dwfl_.get(), nullptr, nullptr);

    GElf_Addr bias = 0;
    Elf* elf = dwfl_module_getelf(module_, &bias);
    size_t headers = 0;
    if (elf == nullptr || elf_getphdrnum(elf, &headers) != 0) return false;
    code_.clear();
    for (size_t i = 0; i < headers; ++i) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr) break;
        if (header.p_type == PT_LOAD && (header.p_flags & PF_X) != 0) {
            code_.push_back({header.p_vaddr, header.p_vaddr + header.p_memsz});
        }
    }

    Dwarf_Addr dwarf_bias = 0;
    dwarf_ = dwfl_module_getdwarf(module_, &dwarf_bias);
    // A debug file that was laid out at other addresses than its module (prelink) would need
    // them mapped section by section; its names would be wrong, so none are taken.
    if (dwarf_bias != 0) dwarf_ = nullptr;
    return true;
}

}  // namespace heapdrift::symbolize
