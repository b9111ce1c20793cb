// Notes in the recordings of running processes what NVML says of their devices, so that reports can
// set it beside what was recorded.
#pragma once

#include <memory>
#include <string>

#include "analyzer/process/nvml.h"

namespace heapdrift::process {

class DeviceBalance {
public:
    // The recordings in this directory.
    explicit DeviceBalance(std::string place) : place_(std::move(place)) {}

    // Called now and then while the program runs. Nothing happens until a process uses a device.
    void refresh();

private:
    std::string place_;
    std::unique_ptr<Nvml> nvml_;
    bool missing_ = false;
};

}  // namespace heapdrift::process
