#include "analyzer/symbolize/demangle.h"

#include <gtest/gtest.h>

#include <string>

namespace heapdrift::symbolize {
namespace {

TEST(Demangle, LeavesNamesOfCAsTheyAre) {
    EXPECT_EQ(demangle("malloc"), "malloc");
    EXPECT_EQ(demangle("_start"), "_start");
    EXPECT_EQ(demangle("_Zebra"), "_Zebra");
    EXPECT_EQ(demangle(""), "");
}

TEST(Demangle, WritesCxxNamesWithTheirParameters) {
    EXPECT_EQ(demangle("_ZN5store5CacheIiE3putEl"), "store::Cache<int>::put(long)");
    EXPECT_EQ(demangle("_ZN12_GLOBAL__N_16hiddenEi"), "(anonymous namespace)::hidden(int)");
    EXPECT_EQ(demangle("_Znwm"), "operator new(unsigned long)");
}

TEST(Demangle, DropsHashAndEscapesOfLegacyRustNames) {
    EXPECT_EQ(demangle("_ZN5alloc7raw_vec19RawVec$LT$T$C$A$GT$8grow_one17h0123456789abcdefE"),
              "alloc::raw_vec::RawVec<T,A>::grow_one");
    EXPECT_EQ(
        demangle("_ZN4core3ptr42drop_in_place$LT$alloc..string..String$GT$17h5b1c1f8dd1ed20abE"),
        "core::ptr::drop_in_place<alloc::string::String>");
}

TEST(Demangle, WritesRustV0Names) {
    EXPECT_EQ(demangle("_RNvC6_123foo3bar"), "123foo::bar");
    EXPECT_EQ(demangle("_RNvNtNtCs1234_7mycrate3foo3bar3baz"), "mycrate::foo::bar::baz");
    EXPECT_EQ(demangle("_RINvNtC3std3mem8align_ofdE"), "std::mem::align_of::<f64>");
}

TEST(Demangle, GivesEveryCloneTheNameOfItsFunction) {
    EXPECT_EQ(demangle("read_table.part.0"), "read_table");
    EXPECT_EQ(demangle("read_table.isra.0.cold"), "read_table");
    EXPECT_EQ(demangle("_ZN5store5CacheIiE3putEl.constprop.0"), "store::Cache<int>::put(long)");
    EXPECT_EQ(demangle("static_table.lto_priv.12"), "static_table");
    EXPECT_EQ(demangle("runtime.mallocgc"), "runtime.mallocgc");
    EXPECT_EQ(demangle(".cold"), ".cold");
}

TEST(Demangle, DropsTheVersionOfASymbol) {
    EXPECT_EQ(demangle("memcpy@@GLIBC_2.14"), "memcpy");
    EXPECT_EQ(demangle("@"), "@");
}

TEST(Demangle, SurvivesNamesMadeToBreakDemanglers) {
    EXPECT_EQ(demangle("_Z"), "_Z");
    EXPECT_EQ(demangle("_R"), "_R");
    EXPECT_FALSE(demangle(("_Z1f" + std::string(60000, 'P') + "i").c_str()).empty());
    EXPECT_FALSE(demangle(("_RNv" + std::string(60000, 'N')).c_str()).empty());
    EXPECT_FALSE(demangle(("_ZN" + std::string(1 << 20, '9') + "E").c_str()).empty());
}

}  // namespace
}  // namespace heapdrift::symbolize
