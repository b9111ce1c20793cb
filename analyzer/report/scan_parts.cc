#include "analyzer/report/scan_parts.h"

#include <fmt/format.h>

#include "analyzer/report/text_parts.h"
#include "analyzer/report/units.h"

namespace heapdrift::report {

namespace {

void write_kinds(JsonWriter& json, const model::Reachability& reach) {
    for (size_t i = 0; i < kReachKinds; ++i) {
        json.key(model::reach_name(static_cast<Reach>(i))).begin_object();
        json.key("blocks").number(reach.kinds[i].blocks);
        json.key("bytes").number(reach.kinds[i].bytes);
        json.end_object();
    }
}

std::string count_text(const model::BlockCount& count) {
    return fmt::format("{} in {} block{}", format_bytes(count.bytes), format_count(count.blocks),
                       count.blocks == 1 ? "" : "s");
}

// What the result does not say.
std::string limits_text(const model::Scan& scan) {
    std::string text;
    const auto add = [&text](const std::string& limit) {
        text += (text.empty() ? "" : "; ") + limit;
    };
    if (!scan.confirmed)
        add("not confirmed by a second scan: a pointer may have been on its way from one place to "
            "another");
    if (scan.unknown_threads > 0)
        add(
            fmt::format("the registers of {} of {} other threads were not seen, so nothing is "
                        "called lost for certain",
                        scan.unknown_threads, scan.threads));
    else if (scan.uncertain)
        add("the program keeps memory from its copies (MADV_DONTFORK), so nothing is called lost "
            "for certain");
    if (scan.gaps)
        add("some live blocks are not known, so freed memory was searched too, and lost blocks may "
            "have been missed");
    if (scan.other_allocator)
        add("the allocator is not glibc's, and its own tables were searched too, so lost blocks "
            "may have been missed");
    if (scan.devices_unseen)
        add("managed or pinned memory of CUDA's was not in the copy, and may hold pointers, so no "
            "memory of the driver's is called lost for certain");
    if (scan.skipped_blocks > 0)
        add(
            fmt::format("{} blocks were left out: their memory is not in the copy, or their "
                        "beginning was not found",
                        format_count(scan.skipped_blocks)));
    if (scan.skipped_bytes > 0)
        add(fmt::format("{} of devices and unreadable memory were not searched",
                        format_bytes(scan.skipped_bytes)));
    return text;
}

}  // namespace

void write_lost(JsonWriter& json, const model::Profile& profile, const model::Figures& figures) {
    if (!profile.scan) return;
    json.key("lost").begin_object();
    json.set_multiline(false);
    write_kinds(json, figures.reach);
    json.end_object();
    json.set_multiline(true);
}

void write_scan(JsonWriter& json, const model::Profile& profile) {
    if (!profile.scan && profile.scan_obstacle == ScanObstacle::none) return;
    json.key("scan").begin_object();
    json.key("obstacle")
        .text_or_null(profile.scan_obstacle == ScanObstacle::none
                          ? ""
                          : scan_obstacle_text(profile.scan_obstacle));
    if (profile.scan) {
        const model::Scan& scan = *profile.scan;
        json.key("number").number(scan.number);
        json.key("occasion").text(scan.occasion == ScanOccasion::exit ? "exit" : "requested");
        json.key("seconds").seconds(scan.seconds);
        json.key("confirmed").boolean(scan.confirmed);
        json.key("uncertain").boolean(scan.uncertain);
        json.key("gaps_searched").boolean(scan.gaps);
        json.key("other_allocator").boolean(scan.other_allocator);
        json.key("threads").number(scan.threads);
        json.key("unknown_threads").number(scan.unknown_threads);
        json.key("held_seconds").seconds(scan.held_seconds);
        json.key("scan_seconds").seconds(scan.scan_seconds);
        json.key("memory_bytes").number(scan.memory_bytes);
        json.key("root_bytes").number(scan.root_bytes);
        json.key("block_bytes").number(scan.block_bytes);
        json.key("skipped_bytes").number(scan.skipped_bytes);
        json.key("skipped_blocks").number(scan.skipped_blocks);
        json.key("totals").begin_object();
        write_kinds(json, scan.totals);
        json.end_object();
        if (scan.devices) {
            json.key("devices_unseen").boolean(scan.devices_unseen);
            json.key("device_totals").begin_object();
            write_kinds(json, scan.device_totals);
            json.end_object();
        }
    }
    json.end_object();
}

void write_scan(std::ostream& out, const Palette& palette, const model::Profile& profile) {
    if (profile.scan_obstacle != ScanObstacle::none)
        write_line(out, palette, "scan",
                   palette.warning(fmt::format("the last one that was asked for has no result: {}",
                                               scan_obstacle_text(profile.scan_obstacle))));
    if (!profile.scan) return;
    const model::Scan& scan = *profile.scan;
    write_line(out, palette, "scan",
               fmt::format("{}, {}: lost {} directly and {} by way of these; possibly {}; still "
                           "reachable {}",
                           scan.occasion == ScanOccasion::exit ? "at exit" : "on request",
                           format_seconds(scan.seconds), count_text(scan.totals.of(Reach::direct)),
                           count_text(scan.totals.of(Reach::indirect)),
                           count_text(scan.totals.of(Reach::possible)),
                           count_text(scan.totals.of(Reach::reachable))));
    if (const model::Reachability& devices = scan.device_totals; scan.devices)
        write_line(out, palette, "",
                   fmt::format("of CUDA's memory {} have no pointer in host memory; lost with host "
                               "blocks {}; possibly {}; still reachable {}",
                               count_text(devices.of(Reach::direct)),
                               count_text(devices.of(Reach::indirect)),
                               count_text(devices.of(Reach::possible)),
                               count_text(devices.of(Reach::reachable))));
    if (const std::string limits = limits_text(scan); !limits.empty())
        write_line(out, palette, "", palette.warning(limits));
}

}  // namespace heapdrift::report
