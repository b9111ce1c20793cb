// The C++ side of heapdrift.h: marks and ignored scopes that end with their block.
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "preload/heapdrift.h"
#include "truth.h"

namespace {

bool recorded = false;

void require_growth(const heapdrift::Mark& mark, size_t allocations, size_t bytes) {
    const heapdrift_growth growth = mark.growth();
    REQUIRE((growth.known != 0) == recorded);
    REQUIRE(growth.live_allocations == (recorded ? allocations : 0));
    REQUIRE(growth.live_bytes == (recorded ? bytes : 0));
}

void containers_give_back() {
    const heapdrift::Mark mark;
    {
        std::vector<std::string> lines;
        for (int i = 0; i < 100; ++i) lines.push_back(std::string(100, 'x'));
    }
    require_growth(mark, 0, 0);
}

void exception_ends_the_mark() {
    const heapdrift::Mark outer;
    try {
        const heapdrift::Mark inner;
        const heapdrift::IgnoreScope ignored;
        throw std::runtime_error("work failed");
    } catch (const std::runtime_error&) {
    }
    const auto block = std::make_unique<char[]>(123);
    keep(block.get());
    require_growth(outer, 1, 123);
}

void sites_are_told() {
    const heapdrift::Mark mark;
    const std::unique_ptr<int> one = std::make_unique<int>(1);
    const std::unique_ptr<long[]> ten = std::make_unique<long[]>(10);
    heapdrift_site sites[8];
    const heapdrift_growth growth = mark.growth(sites, 8);
    REQUIRE(growth.sites == (recorded ? 2 : 0));
    if (recorded) REQUIRE(sites[0].live_bytes == 80 && sites[1].live_bytes == 4);
}

}  // namespace

MARKER void ignored_object() {
    const heapdrift::IgnoreScope ignored;
    keep(new char[333]);
    expect_through("ignored_object", 1, 333, 0, 333);
}

int main(int argc, char** argv) {
    recorded = heapdrift_mark_begin != nullptr;
    if (argc > 1 && strcmp(argv[1], "present") == 0) REQUIRE(recorded);
    containers_give_back();
    exception_ends_the_mark();
    sites_are_told();
    ignored_object();
    tell_truth();
    return 0;
}
