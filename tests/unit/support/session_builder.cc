#include "tests/unit/support/session_builder.h"

#include <sys/mman.h>

#include <cstring>
#include <fstream>
#include <new>
#include <stdexcept>

#include "core/snapshot_table.h"

namespace heapdrift::testing {

namespace {

constexpr size_t kReserved = size_t{1} << 32;

template <size_t N>
void set_text(char (&field)[N], std::string_view text) {
    const size_t size = text.size() < N ? text.size() : N - 1;
    std::memcpy(field, text.data(), size);
    field[size] = '\0';
}

void add_to(Shared<uint64_t>& counter, uint64_t amount) {
    counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

}  // namespace

SessionBuilder::SessionBuilder() {
    void* memory = mmap(nullptr, kReserved, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<std::byte*>(memory);
    size_ = kSegmentSize;
    Identity& identity = header().identity;
    identity.magic = kMagic;
    identity.version = kFormatVersion;
    identity.segment_size = kSegmentSize;
    identity.pid = 4711;
    identity.parent_pid = 4000;
    identity.process_start_ticks = 1;
    identity.started_realtime_ns = 1'700'000'000'000'000'000;
    identity.started_monotonic_ns = 1'000'000'000;
    identity.uid = 1000;
    set_text(identity.tool_version, "0.1.0");
    set_text(identity.program, "/usr/bin/server");
    constexpr char kCommandLine[] =
        "server\0--port\0"
        "8080";
    std::memcpy(identity.command_line, kCommandLine, sizeof kCommandLine);
    identity.command_line_size = sizeof kCommandLine;
    set_text(identity.session_path, "/tmp/server.4711.heapdrift");
    Control& control = header().control;
    control.moment = moment_of(1, 0);
    control.segment_count = 1;
    control.snapshot_interval_ns = 1'000'000'000;
}

SessionBuilder::~SessionBuilder() {
    munmap(base_, kReserved);
}

Header& SessionBuilder::header() {
    return *reinterpret_cast<Header*>(base_);
}

std::byte* SessionBuilder::add_segment(SegmentKind kind, uint32_t ordinal) {
    std::byte* const segment = base_ + size_;
    size_ += kSegmentSize;
    if (size_ > kReserved) throw std::length_error("session is too large for the builder");
    auto* const head = reinterpret_cast<SegmentHeader*>(segment);
    head->ordinal = ordinal;
    head->kind.store(kind, std::memory_order_release);
    header().control.segment_count.fetch_add(1);
    segments_[{kind, ordinal}] = segment;
    return segment;
}

template <typename Record>
Record& SessionBuilder::record(SegmentKind kind, uint32_t id) {
    const uint32_t ordinal = id / kPerSegment<Record>;
    const auto found = segments_.find({kind, ordinal});
    std::byte* const segment =
        found != segments_.end() ? found->second : add_segment(kind, ordinal);
    return reinterpret_cast<Segment<Record>*>(segment)->records[id % kPerSegment<Record>];
}

uint32_t SessionBuilder::add_module(std::string_view path, std::string_view build_id_hex,
                                    uint64_t start, uint64_t end) {
    const uint32_t id = header().control.module_count.fetch_add(1);
    Module& module = record<Module>(SegmentKind::modules, id);
    module.start = start;
    module.end = end;
    module.load_bias = start;
    module.build_id_size = static_cast<uint32_t>(build_id_hex.size() / 2);
    for (size_t i = 0; i < build_id_hex.size() / 2; ++i)
        module.build_id[i] = static_cast<uint8_t>(
            std::stoi(std::string(build_id_hex.substr(2 * i, 2)), nullptr, 16));
    set_text(module.path, path);
    module.path_size.store(static_cast<uint32_t>(path.size()), std::memory_order_release);
    modules_.push_back({start, end});
    return id;
}

uint32_t SessionBuilder::add_root(Domain domain, StackEnd end) {
    const uint32_t id = header().control.node_count.fetch_add(1) + 1;
    Node& node = record<Node>(SegmentKind::nodes, id);
    node.module = kNoModule;
    node.kind = FrameKind::root;
    node.domain = domain;
    node.end = end;
    return id;
}

uint32_t SessionBuilder::add_node(uint32_t parent, uint32_t module, uint64_t address,
                                  FrameKind kind) {
    const uint32_t id = header().control.node_count.fetch_add(1) + 1;
    Node& node = record<Node>(SegmentKind::nodes, id);
    node.parent = parent;
    node.module = module;
    node.address = address;
    node.kind = kind;
    return id;
}

uint32_t SessionBuilder::add_site(uint32_t node, Domain domain) {
    const uint32_t id = header().control.site_count.fetch_add(1) + 1;
    Site& site = record<Site>(SegmentKind::sites, id);
    site.domain = domain;
    site.node.store(node, std::memory_order_release);
    record<Node>(SegmentKind::nodes, node).site.store(id);
    return id;
}

uint32_t SessionBuilder::add_stack(const std::vector<uint64_t>& addresses, Domain domain,
                                   StackEnd end) {
    const auto root = roots_.find({domain, end});
    uint32_t node = root != roots_.end() ? root->second : add_root(domain, end);
    roots_[{domain, end}] = node;
    for (auto address = addresses.rbegin(); address != addresses.rend(); ++address) {
        uint32_t module = kNoModule;
        for (uint32_t i = 0; i < modules_.size(); ++i)
            if (*address > modules_[i].start && *address <= modules_[i].end) module = i;
        uint32_t& child = nodes_[{node, *address}];
        if (child == 0) child = add_node(node, module, *address);
        node = child;
    }
    return add_site(node, domain);
}

uint32_t SessionBuilder::add_thread(uint32_t tid, std::string_view name, uint32_t table,
                                    uint64_t allocations, uint64_t allocated_bytes) {
    Control& control = header().control;
    if (control.thread_count.load() == 0) control.thread_count = 1;  // row 0: beyond the limit
    const uint32_t row = control.thread_count.fetch_add(1);
    ThreadRow& thread = record<ThreadRow>(SegmentKind::threads, row);
    thread.table = table;
    thread.allocations = allocations;
    thread.allocated_bytes = allocated_bytes;
    set_text(thread.name, name);
    thread.tid.store(tid, std::memory_order_release);
    return row;
}

std::byte* SessionBuilder::add_page(PageKind kind, uint32_t table, uint32_t index) {
    const uint32_t ordinal = page_count_ / kPagesPerSegment;
    const uint32_t slot = page_count_++ % kPagesPerSegment;
    const auto found = segments_.find({SegmentKind::pages, ordinal});
    auto* const segment = reinterpret_cast<PageSegment*>(
        found != segments_.end() ? found->second : add_segment(SegmentKind::pages, ordinal));
    PageDescriptor& descriptor = segment->descriptors[slot];
    descriptor.table = table;
    descriptor.index = index;
    descriptor.kind.store(kind, std::memory_order_release);
    Control& control = header().control;
    if (control.table_count.load() <= table) control.table_count = table + 1;
    return reinterpret_cast<std::byte*>(segment->pages[slot]);
}

bool SessionBuilder::any_held(uint32_t since, uint32_t until) {
    for (const SnapshotDescriptor& snapshot : header().snapshots)
        if (snapshot.state.load() == SnapshotState::held && snapshot.number > since &&
            snapshot.number <= until)
            return true;
    return false;
}

Cell& SessionBuilder::cell(uint32_t table, uint32_t site) {
    Cell*& cells = cell_pages_[{table, site / kCellsPerPage}];
    if (cells == nullptr)
        cells = reinterpret_cast<Cell*>(add_page(PageKind::counters, table, site / kCellsPerPage));
    return cells[site % kCellsPerPage];
}

template <PageKind kind, typename Entry>
void SessionBuilder::add_undo(std::vector<Entry*>& entries, uint32_t table,
                              const EarlierValues& earlier) {
    Entry* place = nullptr;
    for (Entry* entry : entries) {
        const uint32_t until = entry->until.load();
        if (until != 0 && any_held(entry->since(until), until)) continue;
        if (until != 0) ++reused_undo_entries_;
        place = entry;
        break;
    }
    if (place == nullptr) {
        constexpr size_t kPerPage = kPageSize / sizeof(Entry);
        place = reinterpret_cast<Entry*>(
            add_page(kind, table, static_cast<uint32_t>(entries.size() / kPerPage)));
        for (size_t i = 0; i < kPerPage; ++i) entries.push_back(place + i);
    }
    place->until.store(0);
    place->write(earlier);
    place->until.store(earlier.until, std::memory_order_release);
    ++undo_entries_;
}

Cell& SessionBuilder::touch(uint32_t table, uint32_t site) {
    Cell& touched = cell(table, site);
    const uint32_t epoch = epoch_of(header().control.moment.load());
    const uint32_t since = touched.epoch.load();
    if (since == epoch) return touched;
    if (any_held(since, epoch)) {
        const EarlierValues earlier{since,
                                    epoch,
                                    site,
                                    {touched.allocations.load(), touched.allocated_bytes.load(),
                                     touched.deallocations.load(), touched.deallocated_bytes.load(),
                                     touched.temporary.load(), touched.reallocations.load()}};
        if (SmallUndoEntry::fits(earlier))
            add_undo<PageKind::small_undo>(small_undo_[table], table, earlier);
        else if (MediumUndoEntry::fits(earlier))
            add_undo<PageKind::medium_undo>(medium_undo_[table], table, earlier);
        else
            add_undo<PageKind::undo>(undo_[table], table, earlier);
    }
    touched.epoch.store(epoch, std::memory_order_release);
    return touched;
}

void SessionBuilder::allocate(uint32_t table, uint32_t site, uint64_t bytes, uint64_t times) {
    Cell& counted = touch(table, site);
    add_to(counted.allocations, times);
    add_to(counted.allocated_bytes, bytes * times);
}

void SessionBuilder::deallocate(uint32_t table, uint32_t site, uint64_t bytes, uint64_t times,
                                bool temporary) {
    Cell& counted = touch(table, site);
    add_to(counted.deallocations, times);
    add_to(counted.deallocated_bytes, bytes * times);
    if (temporary) add_to(counted.temporary, times);
}

void SessionBuilder::add_aged(uint32_t table, uint64_t key, uint64_t deallocations,
                              uint64_t bytes) {
    std::vector<AgedDeallocations*>& entries = aged_[table];
    const size_t number = entries.size();
    auto* const entry =
        number % kAgedPerPage != 0
            ? entries.back() + 1
            : reinterpret_cast<AgedDeallocations*>(
                  add_page(PageKind::aged, table, static_cast<uint32_t>(number / kAgedPerPage)));
    entries.push_back(entry);
    entry->deallocations = deallocations;
    entry->deallocated_bytes = bytes;
    entry->key = key;
}

uint32_t SessionBuilder::snapshot(SnapshotKind kind, uint64_t time_ns, std::string_view label) {
    SnapshotDescriptor filled{};
    filled.kind = kind;
    filled.time_ns = time_ns;
    filled.rss_anon_bytes = kUnknownBytes;
    filled.rss_file_bytes = kUnknownBytes;
    filled.rss_shmem_bytes = kUnknownBytes;
    filled.swap_bytes = kUnknownBytes;
    filled.cgroup_current_bytes = kUnknownBytes;
    filled.cgroup_limit_bytes = kUnknownBytes;
    set_text(filled.label, label);
    return raw(open_snapshot(header(), filled));
}

void SessionBuilder::embed_symbols(std::span<const std::byte> encoded) {
    const uint64_t total = encoded.size();
    std::vector<std::byte> blob;
    for (size_t i = 0; i < sizeof total; ++i)
        blob.push_back(static_cast<std::byte>(total >> (8 * i)));
    blob.insert(blob.end(), encoded.begin(), encoded.end());
    constexpr size_t kPayload = kSegmentSize - sizeof(SegmentHeader);
    for (size_t at = 0, ordinal = 0; at < blob.size(); at += kPayload, ++ordinal) {
        std::byte* const segment =
            add_segment(SegmentKind::symbols, static_cast<uint32_t>(ordinal));
        const size_t size = blob.size() - at < kPayload ? blob.size() - at : kPayload;
        std::memcpy(segment + sizeof(SegmentHeader), blob.data() + at, size);
    }
}

CudaEvent& SessionBuilder::add_cuda_event() {
    return record<CudaEvent>(SegmentKind::cuda_events, header().cuda.event_count++);
}

ScanSegment& SessionBuilder::add_scan_segment() {
    return *reinterpret_cast<ScanSegment*>(add_segment(SegmentKind::scan, scan_segments_++));
}

void SessionBuilder::write(const std::string& path) const {
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(base_), static_cast<std::streamsize>(size_));
    if (!out) throw std::runtime_error("cannot write " + path);
}

}  // namespace heapdrift::testing
