#include "store.h"

#include <cstdio>

int main() {
    Store store;
    for (int round = 0; round < 100; ++round)
        for (const char* key : {"red", "green", "blue"})
            store.put(key, "a value that is too long for the string itself");
    if (store.get("red").empty() || !store.get("black").empty()) {
        std::puts("the store is broken");
        return 1;
    }
    return 0;
}
