// One address range for each module, and none in two of them, for formats in which an address
// alone tells the module. In a process that loaded and unloaded plugins, or in two processes, one
// range may have been that of several modules: all but the first are moved.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/report/export/export_document.h"

namespace heapdrift::report {

class ModuleLayout {
public:
    struct Range {
        const model::Module* module;
        uint64_t start;
        uint64_t end;
        uint64_t load_bias;  // address = load_bias + module offset
        // Never empty: where the file is not known, all of the module from its beginning.
        std::vector<model::CodeSegment> code;
    };

    // Adds the document's modules, the program first. Its profile must outlive the layout.
    void add(const ExportDocument& document);

    // By order of addition; of an unfinished module nullptr.
    const Range* range_of(const model::Module& module) const;
    const std::vector<Range>& ranges() const { return ranges_; }

    // A code address as one number: a return address where the code is a call.
    uint64_t address(const model::Profile& profile, const model::CodeAddress& code) const;

private:
    void add(const model::Module& module, std::vector<model::CodeSegment> code);

    std::vector<Range> ranges_;
    std::unordered_map<std::string, size_t> by_identity_;
};

}  // namespace heapdrift::report
