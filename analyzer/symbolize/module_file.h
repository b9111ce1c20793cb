// The file that still describes a module as it was recorded, and no other.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/model/module.h"

namespace heapdrift::symbolize {

class Descriptor {
public:
    explicit Descriptor(int number = -1) : number_(number) {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    int number() const { return number_; }

private:
    int number_;
};

struct ModuleFile {
    Descriptor descriptor;  // open for reading
    std::string path;       // as debug files are searched relative to it
};

// Lower-case hex, "" where the file has none; nothing where there is no ELF file.
std::optional<std::string> build_id_of_file(const std::string& path);

// The module's own file if its build-id is still the recorded one, else a separate debug file of
// that build-id below one of the debug roots, for "[vdso]" a copy of this process's own. A module
// recorded without build-id matches only a file without one: nothing more can be checked then.
std::optional<ModuleFile> open_module_file(const model::Module& module,
                                           const std::vector<std::string>& debug_roots);

}  // namespace heapdrift::symbolize
