#include "analyzer/process/session_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <vector>

#include "analyzer/model/failure.h"
#include "analyzer/process/file_descriptor.h"
#include "analyzer/process/session_store.h"
#include "analyzer/process/symbol_embedding.h"
#include "core/session_format.h"

namespace heapdrift::process {

namespace {

template <size_t N>
void set_text(char (&field)[N], std::string_view text) {
    const size_t size = std::min(text.size(), N - 1);
    std::memcpy(field, text.data(), size);
    field[size] = '\0';
}

uint8_t hex_digit(char c) {
    return static_cast<uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10);
}

// The call stacks of a profile as a tree.
struct Frame {
    uint64_t address = 0;
    uint32_t parent = 0;
    uint32_t module = kNoModule;
    FrameKind kind = FrameKind::root;
    StackEnd end = StackEnd::complete;
    Domain domain = Domain::heap;
};

class StackTree {
public:
    explicit StackTree(const model::Profile& profile) : profile_(profile), frames_(1) {
        for (const model::Site& site : profile.sites) ends_.push_back(add(site));
    }

    const std::vector<Frame>& frames() const { return frames_; }  // from 1
    uint32_t end_of(size_t site) const { return ends_[site]; }

private:
    uint32_t add(const model::Site& site) {
        uint32_t& root = roots_[{site.domain, site.end}];
        if (root == 0) root = push({.end = site.end, .domain = site.domain});
        uint32_t node = root;
        const auto frames = profile_.frames_of(site);
        for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
            uint32_t& child = children_[{node, *frame}];
            if (child == 0) child = push(frame_of(*frame, node));
            node = child;
        }
        return node;
    }

    Frame frame_of(uint32_t address, uint32_t parent) const {
        const model::CodeAddress& code = profile_.addresses[address];
        Frame frame{
            .address = code.offset, .parent = parent, .module = code.module, .kind = code.kind};
        if (code.module != kNoModule) frame.address += profile_.modules[code.module].load_bias;
        return frame;
    }

    uint32_t push(const Frame& frame) {
        frames_.push_back(frame);
        return static_cast<uint32_t>(frames_.size() - 1);
    }

    const model::Profile& profile_;
    std::vector<Frame> frames_;
    std::vector<uint32_t> ends_;
    std::map<std::pair<Domain, StackEnd>, uint32_t> roots_;
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> children_;
};

class SessionWriter {
public:
    explicit SessionWriter(const model::Profile& profile) : profile_(profile), blocks_(kBlocks) {}

    // The bytes of the whole file.
    std::string_view write() {
        write_identity();
        write_modules();
        write_stacks();
        write_counters();
        write_control();
        return {reinterpret_cast<const char*>(blocks_.data()), blocks_.size() * sizeof(Block)};
    }

private:
    // Zeroed, and aligned as the records want it.
    struct alignas(64) Block {
        std::byte bytes[64];
    };
    static constexpr size_t kBlocks = kSegmentSize / sizeof(Block);

    Header& header() { return *reinterpret_cast<Header*>(blocks_.data()); }

    std::byte* segment(SegmentKind kind, uint32_t ordinal) {
        const auto [entry, added] =
            segments_.emplace(std::pair(kind, ordinal), blocks_.size() / kBlocks);
        if (added) {
            blocks_.resize(blocks_.size() + kBlocks);
            auto* const head = reinterpret_cast<SegmentHeader*>(at(entry->second));
            head->ordinal = ordinal;
            head->kind = kind;
        }
        return at(entry->second);
    }
    std::byte* at(size_t number) { return blocks_[number * kBlocks].bytes; }

    // It holds until the next call.
    template <typename Record>
    Record& record(SegmentKind kind, uint32_t id) {
        auto* const of_kind =
            reinterpret_cast<Segment<Record>*>(segment(kind, id / kPerSegment<Record>));
        return of_kind->records[id % kPerSegment<Record>];
    }

    void write_identity() {
        const model::SessionInfo& session = profile_.session;
        Identity& identity = header().identity;
        identity.magic = kMagic;
        identity.version = kFormatVersion;
        identity.segment_size = kSegmentSize;
        identity.pid = session.pid;
        identity.parent_pid = session.parent_pid;
        identity.started_realtime_ns = session.started_realtime_ns;
        identity.mode = session.mode;
        identity.uid = getuid();
        identity.sampling_interval_bytes = session.sampling_interval_bytes;
        identity.merged = session.merged;
        set_text(identity.tool_version, session.tool_version);
        set_text(identity.program, session.program);
        std::string command_line;
        for (const std::string& argument : session.command_line) command_line += argument + '\0';
        identity.command_line_size =
            static_cast<uint32_t>(std::min(command_line.size(), sizeof identity.command_line));
        std::memcpy(identity.command_line, command_line.data(), identity.command_line_size);
    }

    void write_modules() {
        for (uint32_t id = 0; id < profile_.modules.size(); ++id) {
            const model::Module& from = profile_.modules[id];
            Module& module = record<Module>(SegmentKind::modules, id);
            module.start = from.start;
            module.end = from.end;
            module.load_bias = from.load_bias;
            module.build_id_size =
                static_cast<uint32_t>(std::min(from.build_id.size() / 2, sizeof module.build_id));
            for (size_t i = 0; i < module.build_id_size; ++i)
                module.build_id[i] = static_cast<uint8_t>(hex_digit(from.build_id[2 * i]) << 4 |
                                                          hex_digit(from.build_id[2 * i + 1]));
            set_text(module.path, from.path);
            module.path_size =
                static_cast<uint32_t>(std::min(from.path.size(), sizeof module.path - 1));
        }
        header().control.module_count = static_cast<uint32_t>(profile_.modules.size());
    }

    void write_stacks() {
        const StackTree tree(profile_);
        const std::vector<Frame>& frames = tree.frames();
        for (uint32_t id = 1; id < frames.size(); ++id) {
            Node& node = record<Node>(SegmentKind::nodes, id);
            node.address = frames[id].address;
            node.parent = frames[id].parent;
            node.module = frames[id].module;
            node.kind = frames[id].kind;
            node.end = frames[id].end;
            node.domain = frames[id].domain;
        }
        for (uint32_t i = 0; i < profile_.sites.size(); ++i) {
            record<Node>(SegmentKind::nodes, tree.end_of(i)).site = i + 1;
            Site& site = record<Site>(SegmentKind::sites, i + 1);
            site.domain = profile_.sites[i].domain;
            site.node = tree.end_of(i);
        }
        header().control.node_count = static_cast<uint32_t>(frames.size() - 1);
        header().control.site_count = static_cast<uint32_t>(profile_.sites.size());
    }

    Cell& cell(uint32_t site) {
        const uint32_t page = site / kCellsPerPage;
        auto* const pages =
            reinterpret_cast<PageSegment*>(segment(SegmentKind::pages, page / kPagesPerSegment));
        PageDescriptor& descriptor = pages->descriptors[page % kPagesPerSegment];
        descriptor.index = page;
        descriptor.kind = PageKind::counters;
        return reinterpret_cast<Cell*>(pages->pages[page % kPagesPerSegment])[site % kCellsPerPage];
    }

    // As core/README.md has them in the two modes.
    void write_counters() {
        const bool sampled = profile_.session.mode == Mode::sampled;
        const uint64_t unit = sampled ? kSampledCountUnit : 1;
        const auto interval = static_cast<double>(profile_.session.sampling_interval_bytes);
        const auto in_intervals = [&](double variance) {
            return static_cast<uint64_t>(std::llround(variance / std::max(interval, 1.0)));
        };
        for (uint32_t i = 0; i < profile_.sites.size(); ++i) {
            const model::Figures& figures = profile_.sites[i].figures;
            Cell& counters = cell(i + 1);
            counters.allocations = figures.allocations * unit;
            counters.allocated_bytes = figures.allocated_bytes;
            counters.deallocations = figures.deallocations * unit;
            counters.deallocated_bytes = figures.deallocated_bytes;
            counters.temporary =
                sampled ? in_intervals(figures.allocated_variance) : figures.temporary;
            counters.reallocations =
                sampled ? in_intervals(figures.live_variance) : figures.reallocations;
        }
        header().control.table_count = 1;
    }

    void write_control() {
        Control& control = header().control;
        const model::Losses& losses = profile_.losses;
        const model::SessionInfo& session = profile_.session;
        control.moment = moment_of(1, 0);
        control.segment_count = static_cast<uint32_t>(blocks_.size() / kBlocks);
        control.peak_live_bytes = profile_.peak_live_bytes;
        for (size_t reason = 0; reason < kDropReasons; ++reason)
            control.dropped[reason] = losses.dropped[reason];
        control.unknown_deallocations = losses.unknown_deallocations;
        control.missed_deallocations = losses.missed_deallocations;
        control.own_bytes = profile_.own_bytes;
        control.recording_stopped = losses.stop_reason.empty() ? 0 : 1;
        set_text(control.stop_reason, losses.stop_reason);
        control.confined = losses.confined ? 1 : 0;
        control.ended_ns = static_cast<uint64_t>(std::llround(session.last_seconds * 1e9));
        control.exit_status = session.exit_status;
        control.ended_by = session.ending == model::Ending::exit     ? EndedBy::exit
                           : session.ending == model::Ending::exec   ? EndedBy::exec
                           : session.ending == model::Ending::signal ? EndedBy::signal
                                                                     : EndedBy::running;
    }

    const model::Profile& profile_;
    std::vector<Block> blocks_;
    std::map<std::pair<SegmentKind, uint32_t>, size_t> segments_;
};

symbolize::SymbolTable names_of(const model::Profile& profile) {
    symbolize::SymbolTable table;
    for (size_t i = 0; i < profile.addresses.size() && i < profile.locations.size(); ++i)
        if (has_code(profile.addresses[i]))
            table.insert(profile.addresses[i].module, profile.addresses[i].lookup_offset(),
                         profile.locations[i]);
    return table;
}

std::string write_file(const std::string& path, std::string_view bytes) {
    FileDescriptor fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd.is_open()) return std::strerror(errno);
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return std::strerror(errno);
        bytes.remove_prefix(static_cast<size_t>(written));
    }
    return fd.reset() ? "" : std::strerror(errno);
}

}  // namespace

void write_session(const std::string& path, const model::Profile& profile) {
    const std::string partial = fmt::format("{}.partial.{}", path, getpid());
    SessionWriter writer(profile);
    std::string error = write_file(partial, writer.write());
    if (error.empty()) error = append_symbols(partial, names_of(profile).encode());
    if (error.empty() && rename(partial.c_str(), path.c_str()) != 0) error = std::strerror(errno);
    if (error.empty()) return;
    unlink(partial.c_str());
    throw Failure(fmt::format("{}: {}", path, error));
}

}  // namespace heapdrift::process
