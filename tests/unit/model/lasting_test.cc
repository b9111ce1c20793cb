#include "analyzer/model/lasting.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/unit/model/even_history.h"

namespace heapdrift::model {
namespace {

constexpr uint32_t kPoints = 24;

// In each interval so many blocks, of which survival(age) live longer than an age; just what is to
// be expected, without chance.
Lasting lasting_among(double blocks, const std::function<double(double)>& survival) {
    EvenHistory history;
    for (uint32_t at = 0; at < kPoints; ++at) {
        double freed = 0;
        for (uint32_t born = 0; born <= at; ++born) {
            const double age = at - born;
            const double deaths = blocks * (survival(age) - survival(age + 1));
            freed += deaths;
            if (born < at) history.add_aged(born, at, deaths);
        }
        history.add_point(blocks, freed);
    }
    return find_lasting(history.survivors(), 1);
}

double dying_at(double rate, double age) {
    return std::exp(-rate * age);
}

TEST(Lasting, FewThatLastAreFoundAmongManyThatDieAtOneRate) {
    const Lasting lasting =
        lasting_among(5000, [](double age) { return 0.001 + 0.999 * dying_at(0.4, age); });
    ASSERT_TRUE(lasting.found);
    EXPECT_NEAR(lasting.rate, 0.4, 0.02);
    // An age is the least one of an interval's blocks, and these are allocated at its begin.
    EXPECT_NEAR(lasting.share, 0.001 / dying_at(0.4, 2), 3e-4);
    EXPECT_LT(lasting.most_hazard, 0.1);
    EXPECT_LT(lasting.share_at(2), 0.01);
    EXPECT_GT(lasting.share_at(23), 0.8);
}

TEST(Lasting, OneRateIsNotTakenForSomeThatLast) {
    for (const double rate : {0.1, 0.4, 1.0})
        EXPECT_FALSE(lasting_among(5000, [&](double age) { return dying_at(rate, age); }).found)
            << rate;
}

TEST(Lasting, HeavyTailIsNotTakenForSomeThatLast) {
    for (const double power : {0.8, 1.2, 2.0})
        EXPECT_FALSE(
            lasting_among(5000, [&](double age) { return std::pow(1 + age, -power); }).found)
            << power;
}

TEST(Lasting, LivesOfOneLengthAreNotTakenForSomeThatLast) {
    EXPECT_FALSE(lasting_among(500, [](double age) { return age < 6 ? 1.0 : 0.0; }).found);
}

TEST(Lasting, FewBlocksSayNothing) {
    EXPECT_FALSE(lasting_among(2, [](double age) { return 0.1 + 0.9 * dying_at(0.4, age); }).found);
}

}  // namespace
}  // namespace heapdrift::model
