// Pointers into the middle of blocks that C++ makes, and containers that are gone at the end.
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

extern "C" {
#include "reach.h"
}

namespace {

struct First {
    virtual ~First() = default;
    long value = 1;
};
struct Second {
    virtual ~Second() = default;
    long value = 2;
};
struct Both : First, Second {};
struct WithDestructor {
    ~WithDestructor() { value = 0; }
    long value = 3;
};

Second* second_base;
WithDestructor* counted;
std::unique_ptr<int> owned;
std::map<int, std::string>* tree_in_use;
std::vector<int*> holder;

}  // namespace

MARKER void second_base_of_object() {
    second_base = new Both;
    expect_reachable("second_base_of_object");
}
MARKER void array_with_count() {
    counted = new WithDestructor[7];
    expect_reachable("array_with_count");
}
// Returned by a destructor, after main and before the process is looked at.
MARKER void owned_by_global() {
    owned = std::make_unique<int>(5);
    expect_reach("owned_by_global", 0, 0, 0, 0);
}
// The vector is gone at the end, and what it held was never returned.
MARKER int* held_by_global() {
    expect_lost("held_by_global");
    return new int(6);
}
MARKER void map_in_use() {
    tree_in_use = new std::map<int, std::string>;
    for (int i = 0; i < 20; ++i) (*tree_in_use)[i] = std::string(100, 'x');
    expect_reach("map_in_use", 0, 0, 0, 41);
}
MARKER void lost_list() {
    auto* list = new std::list<int>{1, 2, 3};
    keep(list);
    expect_reach("lost_list", 1, 3, 0, 0);
}
MARKER void lost_by_exception() {
    try {
        int* block = new int(7);
        keep(block);
        throw 1;
    } catch (int) {
    }
    expect_reach("lost_by_exception", 1, 0, 0, 0);
}

int main() {
    second_base_of_object();
    array_with_count();
    owned_by_global();
    holder.push_back(held_by_global());
    map_in_use();
    lost_list();
    lost_by_exception();
    READ_BY_SOMEBODY(second_base);
    READ_BY_SOMEBODY(counted);
    READ_BY_SOMEBODY(tree_in_use);
    wipe_stack();
    tell_reach();
    return 0;
}
