#include "preload/sampler.h"

#include <bit>

#include "preload/vdso_clock.h"

// No libm in here: what is needed of exp and log is small.

namespace heapdrift {
namespace {

// 1 - exp(-x) for x > 0, to within a few units in the last place: by its series where x is small,
// and by 1 - exp(-2y) = p (2 - p) with p = 1 - exp(-y) from there on.
double probability(double x) {
    int doublings = 0;
    for (; x > 0.25; x *= 0.5)
        if (++doublings == 12) return 1;
    double p = 1;
    for (int k = 12; k > 1; --k) p = 1 - x / k * p;
    p *= x;
    for (; doublings > 0; --doublings) p *= 2 - p;
    return p;
}

// The natural logarithm of a number in (0, 1]: of its power of two, and of the rest in
// [0.70, 1.42) by the series of the inverse hyperbolic tangent.
double logarithm(double value) {
    constexpr double kLogOf2 = 0.693147180559945309417232;
    const auto bits = std::bit_cast<uint64_t>(value);
    int exponent = static_cast<int>(bits >> 52) - 1023;
    double rest = std::bit_cast<double>((bits & ((uint64_t{1} << 52) - 1)) | uint64_t{1023} << 52);
    if (rest > 1.4142) {
        rest *= 0.5;
        ++exponent;
    }
    const double z = (rest - 1) / (rest + 1);
    double sum = 0;
    for (int k = 17; k > 0; k -= 2) sum = sum * z * z + 1.0 / k;
    return exponent * kLogOf2 + 2 * z * sum;
}

// splitmix64 (Steele, Lea, Flood 2014): any state is good, and its output passes all tests.
uint64_t next_random(uint64_t& state) {
    uint64_t mixed = state += 0x9e37'79b9'7f4a'7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58'476d'1ce4'e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d0'49bb'1331'11eb;
    return mixed ^ mixed >> 31;
}

uint64_t rounded(double value) {
    return (static_cast<uint64_t>(2 * value) + 1) / 2;
}

}  // namespace

// The point that a block of `size` bytes has reached is behind it; the next one is an exponentially
// distributed number of bytes away. A thread's first allocation comes without one having been
// drawn.
bool Sampler::draw_next(uint64_t size) const {
    const auto draw = [this] {
        // In (0, 1].
        const double uniform =
            static_cast<double>((next_random(tls.random) >> 11) + 1) * (1.0 / (uint64_t{1} << 53));
        tls.until_sample =
            static_cast<uint64_t>(-logarithm(uniform) * static_cast<double>(interval_));
    };
    if (tls.random == 0) {
        tls.random = monotonic_ns() ^ reinterpret_cast<uint64_t>(&tls) << 20;
        draw();
        if (passes_by(size)) return false;
    }
    draw();
    return true;
}

Weight Sampler::weigh_sample(uint64_t size) const {
    const auto interval = static_cast<double>(interval_);
    const double bytes = static_cast<double>(size + (size == 0));
    const double p = probability(bytes / interval);
    return {rounded(kSampledCountUnit / p), rounded(static_cast<double>(size) / p),
            rounded(bytes / p * (bytes / p) * (1 - p) / interval), false};
}

void Sampler::change_filter(uint64_t address, int change) {
    std::atomic<uint8_t>& count = filter_[index_of(address)];
    if (count.load(std::memory_order_relaxed) >= kSticky) return;
    count.fetch_add(static_cast<uint8_t>(change), std::memory_order_relaxed);
}

void Sampler::forget_all() {
    if (exact()) return;
    for (auto& entry : filter_) {
        const uint8_t count = entry.load(std::memory_order_relaxed);
        if (count != 0 && count != kForEver) entry.store(0, std::memory_order_relaxed);
    }
}

}  // namespace heapdrift
