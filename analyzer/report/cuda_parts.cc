#include "analyzer/report/cuda_parts.h"

#include <fmt/format.h>

#include "analyzer/report/json_parts.h"
#include "analyzer/report/units.h"

namespace heapdrift::report {

namespace {

std::string modules_text(const model::Cuda& cuda) {
    std::string text =
        fmt::format("{} {} asked for the driver's functions through the recorder",
                    cuda.modules_through, cuda.modules_through == 1 ? "module" : "modules");
    if (cuda.modules_around && *cuda.modules_around == 0) text += ", none past it";
    return text;
}

std::string device_text(const model::CudaDeviceInfo& device) {
    std::string text = fmt::format("{} live, {} objects", format_bytes(device.charged_bytes),
                                   format_count(device.live_objects));
    if (device.peak_charged_bytes > 0)
        text += fmt::format(", peak {} at {}", format_bytes(device.peak_charged_bytes),
                            format_seconds(device.peak_seconds));
    if (device.pool_reserved_bytes.value_or(0) > 0)
        text += fmt::format("; pools keep {} for the {} that are used",
                            format_bytes(*device.pool_reserved_bytes),
                            format_bytes(device.live_bytes[cuda_index(Domain::cuda_pool)]));
    if (!device.uuid.empty()) text += fmt::format("  [{}]", device.uuid);
    return text;
}

std::string tensors_text(const model::CudaTensorSums& tensors) {
    return fmt::format("PyTorch: {} in tensors, of {} that its allocator reserved",
                       format_bytes(tensors.allocated_bytes), format_bytes(tensors.reserved_bytes));
}

std::string balance_text(const model::CudaDeviceInfo& device) {
    if (!device.balance) return "NVML: was not asked, or is not there";
    const model::CudaBalance& balance = *device.balance;
    const std::string whole =
        fmt::format("the device {} of {}, at {}", format_bytes(balance.device_used_bytes),
                    format_bytes(balance.device_total_bytes), format_seconds(balance.seconds));
    if (!balance.process_bytes) return fmt::format("NVML: process unavailable; {}", whole);
    const std::optional<uint64_t> rest = device.unaccounted_bytes();
    return fmt::format("NVML: process {}; {}; {}", format_bytes(*balance.process_bytes),
                       rest ? fmt::format("{} beyond what is tracked (contexts, code, rounding)",
                                          format_bytes(*rest))
                            : "less than what is tracked, which has changed since",
                       whole);
}

void write_warning(std::ostream& out, const Palette& palette, const std::string& text) {
    write_line(out, palette, "", palette.warning(text));
}

void write_findings(std::ostream& out, const Palette& palette, const model::Cuda& cuda) {
    if (cuda.modules_around.value_or(0) > 0)
        write_warning(out, palette,
                      fmt::format("{} the driver past the recorder (RTLD_DEEPBIND, or "
                                  "another dlsym): what they allocate is not recorded",
                                  *cuda.modules_around == 1
                                      ? "1 module reaches"
                                      : fmt::format("{} modules reach", *cuda.modules_around)));
    if (cuda.out_of_memory > 0)
        write_warning(
            out, palette,
            fmt::format("memory ran out: {} calls failed", format_count(cuda.out_of_memory)));
    if (cuda.failed_deallocations > 0)
        write_warning(out, palette,
                      fmt::format("deallocations that the driver refused: {}",
                                  format_count(cuda.failed_deallocations)));
    if (cuda.unmapped_handles > 0)
        write_line(
            out, palette, "",
            fmt::format("{} handles of virtual memory ({}) were never mapped",
                        format_count(cuda.unmapped_handles), format_bytes(cuda.unmapped_bytes)));
    if (cuda.released_handles > 0)
        write_line(
            out, palette, "",
            fmt::format("{} handles of virtual memory ({}) are released, but still mapped",
                        format_count(cuda.released_handles), format_bytes(cuda.released_bytes)));
    if (cuda.unknown_deallocations > 0)
        write_line(out, palette, "",
                   fmt::format("{} deallocations of what was not seen allocated",
                               format_count(cuda.unknown_deallocations)));
    if (cuda.missed_deallocations > 0)
        write_line(
            out, palette, "",
            fmt::format("{} deallocations were not seen", format_count(cuda.missed_deallocations)));
    if (cuda.unknown_functions > 0)
        write_warning(out, palette,
                      fmt::format("{} functions were asked for in a version that this recorder "
                                  "does not know, and left alone",
                                  format_count(cuda.unknown_functions)));
    if (cuda.other_tensors > 0)
        write_line(out, palette, "",
                   fmt::format("{} tensors on devices that are not CUDA's were not recorded",
                               format_count(cuda.other_tensors)));
    if (cuda.devices_beyond)
        write_warning(out, palette, "more devices than are kept apart; sums by site hold");
}

std::string event_text(const model::CudaEventInfo& event) {
    const std::string where = event.device ? fmt::format(" on device {}", *event.device) : "";
    const std::string times =
        event.count == 1 ? "once" : fmt::format("{} times", format_count(event.count));
    if (event.kind == CudaEventKind::out_of_memory)
        return fmt::format(
            "{} asked for in vain{} {}, first at {} with {} live{}", format_bytes(event.bytes),
            where, times, format_seconds(event.first_seconds), format_bytes(event.charged_bytes),
            event.snapshot == 0 ? "" : fmt::format("; what was live then: @{}", event.snapshot));
    return fmt::format("{}{}: deallocation refused {}, first at {}: {}",
                       event.bytes == 0 ? "unknown memory" : format_bytes(event.bytes), where,
                       times, format_seconds(event.first_seconds),
                       model::cuda_error_text(event.result));
}

void write_tensors(JsonWriter& json, const std::optional<model::CudaTensorSums>& tensors) {
    json.key("pytorch");
    if (!tensors) {
        json.null();
        return;
    }
    json.begin_object();
    json.key("allocated_bytes").number(tensors->allocated_bytes);
    json.key("reserved_bytes").number(tensors->reserved_bytes);
    json.key("seconds").seconds(tensors->seconds);
    json.key("grown").begin_object();
    json.key("allocated_bytes").number(tensors->grown_allocated_bytes);
    json.key("segment_bytes").number(tensors->grown_segment_bytes);
    json.key("seconds").seconds(tensors->grown_seconds);
    json.end_object();
    json.end_object();
}

void write_device(JsonWriter& json, const model::CudaDeviceInfo& device) {
    json.begin_object();
    json.key("ordinal").signed_number(device.ordinal);
    json.key("uuid").text_or_null(device.uuid);
    json.key("live_bytes").number(device.charged_bytes);
    json.key("live_objects").number(device.live_objects);
    json.key("peak_live_bytes").number(device.peak_charged_bytes);
    json.key("peak_seconds").seconds(device.peak_seconds);
    json.key("domains").begin_object();
    for (size_t i = 0; i < kCudaDomains; ++i)
        if (device.live_bytes[i] != 0)
            json.key(domain_name(cuda_domain(i))).number(device.live_bytes[i]);
    json.end_object();
    json.key("pool_reserved_bytes").number_or_null(device.pool_reserved_bytes);
    json.key("graph_reserved_bytes").number_or_null(device.graph_reserved_bytes);
    write_tensors(json, device.tensors);
    json.key("balance");
    if (!device.balance) {
        json.null();
    } else {
        json.begin_object();
        json.key("seconds").seconds(device.balance->seconds);
        json.key("tracked_bytes").number(device.tracked_bytes());
        json.key("process_bytes").number_or_null(device.balance->process_bytes);
        json.key("unaccounted_bytes").number_or_null(device.unaccounted_bytes());
        json.key("device_used_bytes").number(device.balance->device_used_bytes);
        json.key("device_total_bytes").number(device.balance->device_total_bytes);
        json.end_object();
    }
    json.end_object();
}

void write_event(JsonWriter& json, const model::Profile& profile, const model::CudaEventInfo& event,
                 FrameTexts& texts, size_t frames) {
    const model::Site& site = profile.event_sites[event.stack];
    json.begin_object();
    json.key("kind").text(model::cuda_event_name(event.kind));
    json.key("domain").text(domain_name(site.domain));
    json.key("device");
    event.device ? json.signed_number(*event.device) : json.null();
    json.key("error").signed_number(event.result);
    json.key("error_name").text(model::cuda_error_text(event.result));
    json.key("count").number(event.count);
    json.key("bytes").number(event.bytes);
    json.key("device_live_bytes").number(event.charged_bytes);
    json.key("first_seconds").seconds(event.first_seconds);
    json.key("last_seconds").seconds(event.last_seconds);
    json.key("snapshot");
    event.snapshot == 0 ? json.null() : json.number(event.snapshot);
    json.key("frames").raw_value(texts.stack(site, frames));
    json.end_object();
}

}  // namespace

void write_cuda(JsonWriter& json, const model::Profile& profile, FrameTexts& texts, size_t frames) {
    if (!profile.cuda) return;
    const model::Cuda& cuda = *profile.cuda;
    json.key("cuda").begin_object();
    json.key("modules_through_recorder").number(cuda.modules_through);
    json.key("modules_past_recorder").number_or_null(cuda.modules_around);
    json.key("failed_deallocations").number(cuda.failed_deallocations);
    json.key("out_of_memory").number(cuda.out_of_memory);
    json.key("unknown_deallocations").number(cuda.unknown_deallocations);
    json.key("missed_deallocations").number(cuda.missed_deallocations);
    json.key("implicit_deallocations").number(cuda.implicit_deallocations);
    json.key("unknown_functions").number(cuda.unknown_functions);
    json.key("reserved_address_bytes").number(cuda.reserved_address_bytes);
    json.key("never_mapped_handles").number(cuda.unmapped_handles);
    json.key("never_mapped_bytes").number(cuda.unmapped_bytes);
    json.key("released_but_mapped_handles").number(cuda.released_handles);
    json.key("released_but_mapped_bytes").number(cuda.released_bytes);
    json.key("tensors_not_recorded").number(cuda.other_tensors);
    json.key("devices").begin_array();
    for (const model::CudaDeviceInfo& device : cuda.devices) write_device(json, device);
    json.end_array();
    json.key("events").begin_array();
    for (const model::CudaEventInfo& event : cuda.events)
        write_event(json, profile, event, texts, frames);
    json.end_array();
    json.end_object();
}

void write_cuda(std::ostream& out, const Palette& palette, const model::Profile& profile) {
    if (!profile.cuda) return;
    write_line(out, palette, "cuda", modules_text(*profile.cuda));
    for (const model::CudaDeviceInfo& device : profile.cuda->devices) {
        write_line(out, palette, fmt::format("device {}", device.ordinal).c_str(),
                   device_text(device));
        if (device.tensors) write_line(out, palette, "", tensors_text(*device.tensors));
        write_line(out, palette, "", balance_text(device));
    }
    write_findings(out, palette, *profile.cuda);
}

void write_cuda_events(std::ostream& out, const Palette& palette, const model::Profile& profile,
                       StackWriter& stacks) {
    if (!profile.cuda || profile.cuda->events.empty()) return;
    out << '\n'
        << palette.strong(
               fmt::format("What the CUDA driver refused: {}", profile.cuda->events.size()))
        << '\n';
    for (const model::CudaEventInfo& event : profile.cuda->events) {
        const model::Site& site = profile.event_sites[event.stack];
        out << '\n' << event_text(event) << fmt::format("  [{}]", domain_name(site.domain)) << '\n';
        stacks.write(profile, site);
    }
}

}  // namespace heapdrift::report
