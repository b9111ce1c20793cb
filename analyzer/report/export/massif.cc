#include "analyzer/report/export/massif.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <span>

#include "analyzer/report/export/place_text.h"

namespace heapdrift::report {

namespace {

// As massif's own defaults.
constexpr size_t kDetailedEvery = 10;
constexpr size_t kDepth = 30;
constexpr double kThreshold = 0.01;

struct Item {
    const NumberedStack* stack;
    uint64_t bytes;
};

struct Node {
    std::string text;
    uint64_t bytes = 0;
    std::vector<Item> items;
};

class Tree {
public:
    Tree(std::ostream& out, const TextTable& texts, uint64_t total)
        : out_(out),
          texts_(texts),
          least_(static_cast<uint64_t>(static_cast<double>(total) * kThreshold)) {}

    // All items share the frames before `depth`; the line is that of the last of those.
    void write(const std::string& text, uint64_t bytes, const std::vector<Item>& items,
               size_t depth) {
        std::vector<Node> nodes = depth < kDepth ? children(items, depth) : std::vector<Node>();
        const auto first_small = std::stable_partition(
            nodes.begin(), nodes.end(), [&](const Node& node) { return node.bytes >= least_; });
        const auto shown = static_cast<size_t>(first_small - nodes.begin());
        const size_t small = nodes.size() - shown;
        out_ << fmt::format("{}n{}: {} {}\n", std::string(depth, ' '), shown + (small == 0 ? 0 : 1),
                            bytes, text);
        for (size_t i = 0; i < shown; ++i)
            write(nodes[i].text, nodes[i].bytes, nodes[i].items, depth + 1);
        if (small == 0) return;
        uint64_t rest = 0;
        for (size_t i = shown; i < nodes.size(); ++i) rest += nodes[i].bytes;
        out_ << fmt::format("{}n0: {} in {} place{}, {}below massif's threshold ({:.2f}%)\n",
                            std::string(depth + 1, ' '), rest, small, small == 1 ? "" : "s",
                            small == 1 ? "" : "all ", kThreshold * 100);
    }

private:
    std::vector<Node> children(const std::vector<Item>& items, size_t depth) const {
        std::map<uint32_t, Node> by_frame;
        for (const Item& item : items) {
            if (item.stack->size() <= depth) continue;
            Node& node = by_frame[(*item.stack)[depth]];
            node.bytes += item.bytes;
            node.items.push_back(item);
        }
        std::vector<Node> nodes;
        for (auto& [frame, node] : by_frame) {
            node.text = texts_.text(frame);
            nodes.push_back(std::move(node));
        }
        std::ranges::stable_sort(nodes, std::greater(), &Node::bytes);
        return nodes;
    }

    std::ostream& out_;
    const TextTable& texts_;
    uint64_t least_;
};

std::string one_line(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return text;
}

}  // namespace

void write_massif(std::ostream& out, const ExportDocument& document) {
    const model::Profile& profile = document.profile;
    ModuleLayout layout;
    layout.add(document);
    TextTable texts;
    FrameNumbers frames(profile, texts, place_texts(profile, layout));
    std::vector<NumberedStack> stacks;
    for (const model::Site& site : profile.sites) stacks.push_back(frames.stack(site));

    out << fmt::format("desc: {}{}\n", origin(profile), remarks(profile))
        << one_line(fmt::format("cmd: {}", fmt::join(profile.session.command_line, " "))) << '\n'
        << "time_unit: ms\n";
    const size_t peak = model::greatest(document.timeline);
    for (size_t number = 0; number < document.timeline.size(); ++number) {
        const model::TimelinePoint& point = document.timeline[number];
        std::vector<Item> items;
        uint64_t total = 0;
        for (const model::LiveAtSite& live : point.live) {
            items.push_back({&stacks[live.site], live.bytes});
            total += live.bytes;
        }
        const bool detailed =
            number % kDetailedEvery == kDetailedEvery - 1 || number + 1 == document.timeline.size();
        const char* tree = number == peak ? "peak" : detailed ? "detailed" : "empty";
        out << fmt::format(
            "#-----------\nsnapshot={}\n#-----------\ntime={:.0f}\nmem_heap_B={}\n"
            "mem_heap_extra_B=0\nmem_stacks_B=0\nheap_tree={}\n",
            number, point.seconds * 1e3, total, tree);
        if (number == peak || detailed)
            Tree(out, texts, total)
                .write("(heap allocation functions) malloc/new/new[], --alloc-fns, etc.", total,
                       items, 0);
    }
}

}  // namespace heapdrift::report
