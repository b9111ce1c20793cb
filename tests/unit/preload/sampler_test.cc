// The sampler by itself, over many seeds: estimates against the truth, and the stated error against
// the observed one and against theory.
#include "preload/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <vector>

namespace heapdrift {
namespace {

constexpr uint64_t kInterval = 4096;

struct Estimate {
    double count = 0;
    double bytes = 0;
    double variance = 0;  // of bytes
};

class SamplerTest : public testing::Test {
protected:
    SamplerTest() { sampler_->open(kInterval); }
    ~SamplerTest() override { start(0, 0); }

    static void start(uint64_t seed, uint64_t until_sample) {
        tls.random = seed;
        tls.until_sample = until_sample;
    }

    Estimate estimate(const std::vector<uint64_t>& sizes) {
        Estimate sum;
        for (const uint64_t size : sizes) {
            if (!sampler_->takes(size)) continue;
            const Weight weight = sampler_->weigh(size);
            sum.count += static_cast<double>(weight.count) / kSampledCountUnit;
            sum.bytes += static_cast<double>(weight.bytes);
            sum.variance += static_cast<double>(weight.variance) * kInterval;
        }
        return sum;
    }

    std::unique_ptr<Sampler> sampler_ = std::make_unique<Sampler>();
};

// Sizes as programs have them: mostly small, some near the interval, a few beyond it.
std::vector<uint64_t> mixed_sizes(uint32_t count) {
    std::mt19937_64 random(7);
    std::vector<uint64_t> sizes;
    for (uint32_t i = 0; i < count; ++i) {
        const uint64_t kind = random() % 100;
        if (kind < 90)
            sizes.push_back(random() % 200);
        else if (kind < 99)
            sizes.push_back(500 + random() % 8000);
        else
            sizes.push_back(random() % 100000);
    }
    return sizes;
}

double sum_of(const std::vector<uint64_t>& sizes) {
    double sum = 0;
    for (const uint64_t size : sizes) sum += static_cast<double>(size);
    return sum;
}

// Of the sum of bytes: each block's s^2 (1 - p) / p.
double theoretical_variance(const std::vector<uint64_t>& sizes) {
    double variance = 0;
    for (const uint64_t size : sizes) {
        if (size == 0) continue;
        const auto s = static_cast<double>(size);
        const double p = -std::expm1(-s / kInterval);
        variance += s * s * (1 - p) / p;
    }
    return variance;
}

TEST_F(SamplerTest, WeighsWithTheProbabilityOfBeingTaken) {
    for (uint64_t size : {1, 16, 100, 1000, 1024, 1025, 4096, 5000, 20000, 60000, 1000000}) {
        const double p = -std::expm1(-static_cast<double>(size) / kInterval);
        const Weight weight = sampler_->weigh(size);
        const auto s = static_cast<double>(size);
        EXPECT_NEAR(static_cast<double>(weight.count), 256 / p, 0.51);
        EXPECT_NEAR(static_cast<double>(weight.bytes), s / p, 0.51);
        EXPECT_NEAR(static_cast<double>(weight.variance), s / p * (s / p) * (1 - p) / kInterval,
                    0.51);
    }
}

TEST_F(SamplerTest, ExactModeTakesEveryBlockForItself) {
    sampler_->open(0);
    start(0, 0);
    for (uint64_t size : {0, 1, 16, 1000000}) {
        EXPECT_TRUE(sampler_->takes(size));
        EXPECT_EQ(sampler_->weigh(size).count, 1u);
        EXPECT_EQ(sampler_->weigh(size).bytes, size);
    }
    EXPECT_TRUE(sampler_->may_hold(4096));
}

TEST_F(SamplerTest, EstimatesAreUnbiasedAndTheirErrorIsTheoretical) {
    constexpr int kSeeds = 2000;
    const std::vector<uint64_t> sizes = mixed_sizes(5000);
    const double truth = sum_of(sizes);
    const double theory = theoretical_variance(sizes);
    double bytes = 0;
    double squares = 0;
    double count = 0;
    int covered = 0;
    for (int seed = 1; seed <= kSeeds; ++seed) {
        start(static_cast<uint64_t>(seed) << 32, 0);
        sampler_->takes(kInterval);  // as if in the middle of a program
        const Estimate estimated = estimate(sizes);
        bytes += estimated.bytes;
        squares += (estimated.bytes - truth) * (estimated.bytes - truth);
        count += estimated.count;
        covered += std::abs(estimated.bytes - truth) <= 1.96 * std::sqrt(estimated.variance);
    }
    const double standard_error = std::sqrt(theory / kSeeds);
    EXPECT_NEAR(bytes / kSeeds, truth, 4 * standard_error);
    const auto blocks = static_cast<double>(sizes.size());
    EXPECT_NEAR(count / kSeeds, blocks, 0.05 * blocks);
    EXPECT_LT(std::sqrt(squares / kSeeds), 1.1 * std::sqrt(theory));
    EXPECT_GT(covered, 0.93 * kSeeds);
    EXPECT_LT(covered, 0.97 * kSeeds);
}

TEST_F(SamplerTest, AThreadsFirstBlockIsTakenNoMoreOftenThanOthers) {
    constexpr int kThreads = 20000;
    constexpr uint64_t kSize = 64;
    int taken = 0;
    for (int thread = 0; thread < kThreads; ++thread) {
        start(0, 0);
        taken += sampler_->takes(kSize);
        start(0, 0);
    }
    const double p = -std::expm1(-static_cast<double>(kSize) / kInterval);
    EXPECT_NEAR(taken, kThreads * p, 5 * std::sqrt(kThreads * p));
}

TEST_F(SamplerTest, TheFilterHoldsWhatWasNotedUntilItIsForgotten) {
    for (uint64_t i = 0; i < 1000; ++i) sampler_->note(0x10000 + 48 * i);
    for (uint64_t i = 0; i < 1000; ++i) EXPECT_TRUE(sampler_->may_hold(0x10000 + 48 * i));
    for (uint64_t i = 0; i < 1000; ++i) sampler_->forget(0x10000 + 48 * i);
    for (uint64_t i = 0; i < 1000; ++i) EXPECT_FALSE(sampler_->may_hold(0x10000 + 48 * i));
    // A count that is full does not forget.
    for (int i = 0; i < 1000; ++i) sampler_->note(0x20000);
    for (int i = 0; i < 1000; ++i) sampler_->forget(0x20000);
    EXPECT_TRUE(sampler_->may_hold(0x20000));
}

TEST_F(SamplerTest, AForkChildsFilterHoldsOnlyWhatIsNotedForEver) {
    sampler_->note(0x10000);
    sampler_->note_for_ever(0x20000);
    sampler_->forget_all();
    EXPECT_FALSE(sampler_->may_hold(0x10000));
    sampler_->forget(0x20000);
    EXPECT_TRUE(sampler_->may_hold(0x20000));
}

// Programs ask for such sizes, if only by a mistake, and are refused. What counts down to the next
// point must not end up where no program ever comes.
TEST_F(SamplerTest, RequestsLargerThanMemoryDoNotPutOffTheNextPoint) {
    start(uint64_t{1} << 32, 1000);
    for (const uint64_t size : {uint64_t{1001}, uint64_t{1} << 63, (uint64_t{1} << 63) + 2000,
                                UINT64_MAX - 1000, UINT64_MAX}) {
        EXPECT_FALSE(Sampler::passes_by(size));
        EXPECT_EQ(tls.until_sample, 1000u);
    }
    EXPECT_TRUE(Sampler::passes_by(0));
    EXPECT_TRUE(Sampler::passes_by(999));
    EXPECT_FALSE(Sampler::passes_by(0));
    for (int i = 0; i < 100; ++i) {
        sampler_->takes(UINT64_MAX);
        EXPECT_LT(tls.until_sample, 100 * kInterval);
    }
}

}  // namespace
}  // namespace heapdrift
