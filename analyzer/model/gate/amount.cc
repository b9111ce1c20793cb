#include "analyzer/model/gate/amount.h"

#include <cmath>
#include <cstdlib>
#include <map>
#include <string>

namespace heapdrift::model {

namespace {

struct Quantity {
    double number = 0;
    std::string unit;
};

std::optional<Quantity> quantity_from(std::string_view text) {
    const size_t digits = text.find_first_not_of("0123456789.");
    const std::string number(text.substr(0, digits));
    if (number.empty()) return std::nullopt;
    char* end = nullptr;
    const double value = std::strtod(number.c_str(), &end);
    if (*end != '\0') return std::nullopt;
    std::string unit(digits == std::string_view::npos ? "" : text.substr(digits));
    unit.erase(0, unit.find_first_not_of(' '));
    return Quantity{value, unit};
}

std::optional<uint64_t> scaled(std::string_view text, const std::map<std::string, double>& units) {
    const auto quantity = quantity_from(text);
    if (!quantity) return std::nullopt;
    const auto factor = units.find(quantity->unit);
    if (factor == units.end() || quantity->number * factor->second >= 1.8e19) return std::nullopt;
    return static_cast<uint64_t>(std::llround(quantity->number * factor->second));
}

}  // namespace

std::optional<uint64_t> size_from(std::string_view text) {
    static const std::map<std::string, double> kUnits = {{"", 1},
                                                         {"B", 1},
                                                         {"kB", 1e3},
                                                         {"KB", 1e3},
                                                         {"MB", 1e6},
                                                         {"GB", 1e9},
                                                         {"KiB", 1024.0},
                                                         {"MiB", 1024.0 * 1024},
                                                         {"GiB", 1024.0 * 1024 * 1024}};
    return scaled(text, kUnits);
}

std::optional<double> percentage_from(std::string_view text) {
    const auto quantity = quantity_from(text);
    if (!quantity || quantity->unit != "%") return std::nullopt;
    return quantity->number;
}

std::optional<uint64_t> milliseconds_from(std::string_view text) {
    static const std::map<std::string, double> kUnits = {
        {"", 1}, {"ms", 1}, {"s", 1e3}, {"min", 6e4}};
    return scaled(text, kUnits);
}

}  // namespace heapdrift::model
