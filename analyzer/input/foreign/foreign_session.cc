#include "analyzer/input/foreign/foreign_session.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "analyzer/input/foreign/heap_text_reader.h"
#include "analyzer/input/foreign/heaptrack_reader.h"
#include "analyzer/input/foreign/pprof_reader.h"
#include "analyzer/input/foreign/pprof_tables.h"
#include "analyzer/model/failure.h"
#include "analyzer/symbolize/code_segments.h"
#include "analyzer/symbolize/module_file.h"

namespace heapdrift::input {

namespace {

// Most of their files name modules by path alone. Names are looked up in the file that lies there
// now, if it has the build-id that the recording says, or, where it says none, if it has been
// there, unchanged, since before the recording was written.
void identify(model::Module& module, const std::vector<MappedCode>& mapped,
              const timespec& written) {
    struct stat status {};
    if (stat(module.path.c_str(), &status) != 0) return;
    const timespec& changed = status.st_ctim;
    const bool later = changed.tv_sec > written.tv_sec ||
                       (changed.tv_sec == written.tv_sec && changed.tv_nsec > written.tv_nsec);
    if (later && module.build_id.empty()) return;
    const std::optional<std::string> build_id = symbolize::build_id_of_file(module.path);
    if (!build_id || (!module.build_id.empty() && module.build_id != *build_id)) return;
    module.build_id = *build_id;
    for (const model::CodeSegment& segment : symbolize::code_segments(module))
        for (const MappedCode& code : mapped)
            if (code.file_offset == segment.file_offset)
                module.load_bias = code.start - segment.start;
}

constexpr const char* kHeaptrack = "heaptrack";

bool may_be_foreign(std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                                std::min<size_t>(bytes.size(), 64));
    return is_compressed(bytes) || is_heap_text(text) || text.starts_with("v ") ||
           begins_as_pprof(text);
}

}  // namespace

std::string foreign_recorder(const OpenedSession& opened) {
    const auto bytes = opened.file.bytes();
    if (!may_be_foreign(bytes)) return "";
    if (is_pprof(bytes, opened.path)) return kPprofRecorder;
    TextLines lines(bytes, opened.path);
    std::string_view first;
    if (!lines.next(first)) return "";
    if (is_heaptrack(first)) return kHeaptrack;
    return heap_text_recorder(first);
}

std::optional<LoadedSession> load_foreign_session(const OpenedSession& opened,
                                                  const std::string& point) {
    const auto bytes = opened.file.bytes();
    const std::string recorder = foreign_recorder(opened);
    if (recorder.empty()) return std::nullopt;
    if (point != "last")
        throw Failure(fmt::format("{}: another tool's recording holds one point; leave out @{}",
                                  opened.path, point));

    struct stat status {};
    stat(opened.path.c_str(), &status);
    const IdentifyModule identify_file = [&status](model::Module& module,
                                                   const std::vector<MappedCode>& code) {
        identify(module, code, status.st_mtim);
    };
    LoadedSession loaded;
    if (recorder == kPprofRecorder) {
        loaded.profile = read_pprof(bytes, opened.path, identify_file);
    } else {
        TextLines lines(bytes, opened.path);
        loaded.profile =
            recorder == kHeaptrack ? read_heaptrack(lines) : read_heap_text(lines, identify_file);
    }
    loaded.profile.session.path = opened.path;
    loaded.profile.session.ending = model::Ending::unknown;
    return loaded;
}

}  // namespace heapdrift::input
