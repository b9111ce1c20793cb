#include "analyzer/model/births.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace heapdrift::model {

namespace {

constexpr double kSilenceOdds = 0.05;
// A gap that is so much of the last silence is like it.
constexpr double kGapLike = 0.6;
// Fewer parts have no variance to speak of.
constexpr size_t kLeastParts = 6;
constexpr double kDeclineErrors = 0.7;
// One in forty falls as far by chance, and phases of a leak are taken to fall by more than their
// own.
constexpr double kSureErrors = 2;

// Mean position in [0, 1] of what is distributed as exp(-decline x) there.
double mean_position(double decline) {
    if (std::abs(decline) < 1e-3) return 0.5 - decline / 12;
    return 1 / decline - 1 / std::expm1(decline);
}

double decline_at(double position) {
    double low = -40;
    double high = 40;
    for (int i = 0; i < 50; ++i) {
        const double middle = (low + high) / 2;
        (mean_position(middle) > position ? low : high) = middle;
    }
    return (low + high) / 2;
}

// They come in bursts and phases, which last for several intervals: their variance over their mean,
// about a fitted decline, of as many intervals together as shows most of it.
double dispersion(std::span<const Births> births, double decline, double total) {
    const double start = births.front().begin;
    const double whole = births.back().end - start;
    std::vector<double> fitted;
    for (const Births& each : births)
        fitted.push_back((each.end - each.begin) *
                         std::exp(-decline * (each.middle() - start) / whole));
    const double scale = total / std::accumulate(fitted.begin(), fitted.end(), 0.0);
    double most = 1;
    for (size_t together = 1; births.size() / together >= kLeastParts; together *= 2) {
        double sum = 0;
        const size_t parts = births.size() / together;
        for (size_t part = 0; part < parts; ++part) {
            double expected = 0;
            double found = 0;
            for (size_t i = part * together; i < (part + 1) * together; ++i) {
                expected += fitted[i] * scale;
                found += births[i].count;
            }
            expected = std::max(expected, 0.05);
            sum += (found - expected) * (found - expected) / expected;
        }
        most = std::max(most, sum / static_cast<double>(parts - 2));
    }
    return most;
}

}  // namespace

Decline fit_decline(std::span<const Births> births) {
    Decline fitted;
    double total = 0;
    for (const Births& each : births) total += each.count;
    if (total <= 0) return fitted;
    const double start = births.front().begin;
    double sum = 0;
    for (const Births& each : births) sum += each.count * (each.middle() - start);
    const double decline = decline_at(sum / (total * (births.back().end - start)));
    fitted.dispersion = dispersion(births, decline, total);
    const double error = std::sqrt(12 * fitted.dispersion / total);
    fitted.left = std::exp(-std::max(0.0, decline - kDeclineErrors * error));
    fitted.surely_left = std::exp(-std::max(0.0, decline - kSureErrors * error));
    return fitted;
}

double likelihood_of_silence(double span, double silent, size_t intervals,
                             std::span<const double> gaps) {
    const double by_chance = std::pow(span / (span + silent), static_cast<double>(intervals));
    const auto alike = static_cast<double>(
        std::ranges::count_if(gaps, [&](double gap) { return gap >= kGapLike * silent; }));
    return std::max(by_chance, alike / (static_cast<double>(gaps.size()) + 1));
}

double goes_on(double likelihood) {
    return likelihood * (1 + kSilenceOdds) / (likelihood + kSilenceOdds);
}

}  // namespace heapdrift::model
