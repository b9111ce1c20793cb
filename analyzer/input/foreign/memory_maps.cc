#include "analyzer/input/foreign/memory_maps.h"

#include <algorithm>

#include "analyzer/input/foreign/text_lines.h"
#include "core/session_format.h"

namespace heapdrift::input {

namespace {

std::string_view word(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const std::string_view found = rest.substr(0, rest.find(' '));
    rest.remove_prefix(found.size());
    return found;
}

}  // namespace

void MemoryMaps::add(std::string_view line) {
    uint64_t start = 0;
    uint64_t end = 0;
    uint64_t offset = 0;
    std::string_view rest = line;
    if (!take_number(rest, 16, start) || !rest.starts_with('-')) return;
    rest.remove_prefix(1);
    if (!take_number(rest, 16, end) || end <= start) return;
    const std::string_view permissions = word(rest);
    if (permissions.size() != 4 || !take_number(rest, 16, offset)) return;
    word(rest);  // device and inode
    word(rest);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    if (!rest.starts_with('/') && rest != "[vdso]") return;

    const auto [entry, added] = by_path_.emplace(rest, static_cast<uint32_t>(modules_.size()));
    if (added) {
        model::Module module;
        module.path = rest;
        module.start = start;
        module.end = end;
        module.load_bias = start - std::min(offset, start);
        modules_.push_back(module);
        code_.emplace_back();
    }
    model::Module& module = modules_[entry->second];
    module.start = std::min(module.start, start);
    module.end = std::max(module.end, end);
    if (permissions[2] == 'x') code_[entry->second].push_back({start, offset});
    ranges_.emplace(end, Range{start, entry->second});
}

std::vector<model::Module> MemoryMaps::modules(const IdentifyModule& identify) const {
    std::vector<model::Module> modules = modules_;
    for (size_t i = 0; i < modules.size(); ++i) identify(modules[i], code_[i]);
    return modules;
}

uint32_t MemoryMaps::module_of(uint64_t address) const {
    // A return address may be one past the end of its mapping.
    const auto found = ranges_.lower_bound(address);
    return found != ranges_.end() && address > found->second.start ? found->second.module
                                                                   : kNoModule;
}

bool MemoryMaps::is_allocator(uint32_t module) const {
    if (module >= modules_.size()) return false;
    const std::string& path = modules_[module].path;
    const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
    return name.starts_with("libjemalloc") || name.starts_with("libtcmalloc");
}

std::string MemoryMaps::program() const {
    return modules_.empty() ? "" : modules_.front().path;
}

}  // namespace heapdrift::input
