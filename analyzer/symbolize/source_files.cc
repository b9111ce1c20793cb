#include "analyzer/symbolize/source_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "analyzer/model/failure.h"

namespace heapdrift::symbolize {

namespace {

namespace fs = std::filesystem;

// Lines before and behind the one that was asked for.
constexpr uint32_t kAround = 2;
// No source file is larger; a path in a recording may name anything.
constexpr off_t kLargestFile = 32 << 20;
// Code of these folders is inlined into programs, but is nobody's own.
constexpr std::array<std::string_view, 3> kLibraryFolders = {"/usr/include/", "/usr/lib/",
                                                             "/usr/local/include/"};

bool is_file(const std::string& path) {
    std::error_code error;
    return fs::is_regular_file(path, error);
}

bool of_library(const std::string& path) {
    const std::string normal = fs::path(path).lexically_normal().string();
    return std::ranges::any_of(kLibraryFolders,
                               [&](std::string_view folder) { return normal.starts_with(folder); });
}

// The longest end of `file` that lies in the directory.
std::string find_end(const std::string& directory, const std::string& file) {
    const std::string normal = fs::path(file).lexically_normal().string();
    for (size_t at = normal.starts_with('/') ? 1 : 0;;) {
        const std::string path = directory + '/' + normal.substr(at);
        if (is_file(path)) return path;
        const size_t slash = normal.find('/', at);
        if (slash == std::string::npos) return "";
        at = slash + 1;
    }
}

std::vector<std::string> split_lines(const std::string& text) {
    std::vector<std::string> lines;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        if (lines.back().ends_with('\r')) lines.back().pop_back();
        at = end + 1;
    }
    return lines;
}

std::optional<std::string> read_text(int fd, off_t size) {
    std::string text(static_cast<size_t>(size), '\0');
    size_t done = 0;
    while (done < text.size()) {
        const ssize_t got = pread(fd, &text[done], text.size() - done, static_cast<off_t>(done));
        if (got <= 0) return std::nullopt;
        done += static_cast<size_t>(got);
    }
    return text;
}

}  // namespace

SourceFiles::SourceFiles(const std::vector<std::string>& places) {
    for (const std::string& place : places) {
        const size_t equals = place.find('=');
        std::error_code error;
        if (equals != std::string::npos && equals > 0)
            places_.push_back({place.substr(0, equals), place.substr(equals + 1)});
        else if (fs::is_directory(place, error))
            places_.push_back({"", place});
        else
            throw UsageFailure(fmt::format(
                "--source-path {}: neither a directory nor FROM=TO, which puts TO in the place of "
                "FROM at the beginning of paths",
                place));
    }
}

std::string SourceFiles::path_of(const std::string& file) const {
    for (const Place& place : places_) {
        std::string path;
        if (place.from.empty())
            path = find_end(place.to, file);
        else if (file.starts_with(place.from))
            path = place.to + file.substr(place.from.size());
        if (!path.empty() && is_file(path)) return path;
    }
    return is_file(file) ? file : "";
}

const SourceFiles::File* SourceFiles::find(const std::string& file) {
    const auto [entry, added] = files_.try_emplace(file);
    if (!added || of_library(file)) return entry->second ? &*entry->second : nullptr;
    const std::string path = path_of(file);
    const int fd = path.empty() ? -1 : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return nullptr;
    struct stat status {};
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= kLargestFile)
        if (const std::optional<std::string> text = read_text(fd, status.st_size))
            entry->second = File{path,
                                 static_cast<uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
                                     static_cast<uint64_t>(status.st_mtim.tv_nsec),
                                 split_lines(*text)};
    close(fd);
    return entry->second ? &*entry->second : nullptr;
}

std::optional<model::SourceExcerpt> SourceFiles::excerpt(const std::string& file, uint32_t line,
                                                         uint64_t since_ns) {
    if (file.empty() || line == 0) return std::nullopt;
    const File* found = find(file);
    if (found == nullptr || line > found->lines.size()) return std::nullopt;
    model::SourceExcerpt excerpt;
    excerpt.path = found->path;
    excerpt.line = line;
    excerpt.first_line = line > kAround ? line - kAround : 1;
    const auto last = std::min<size_t>(found->lines.size(), size_t{line} + kAround);
    for (size_t number = excerpt.first_line; number <= last; ++number)
        excerpt.lines.push_back(found->lines[number - 1]);
    excerpt.changed = since_ns != 0 && found->changed_ns > since_ns;
    return excerpt;
}

}  // namespace heapdrift::symbolize
