// Lost objects of C++.
#include <exception>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/evaluation/corpus/kinds.h"

namespace heapdrift::corpus {
namespace {

struct Object {
    char bytes[72];
};

void fail_sometimes(Run& run) {
    if (run.chance(0.3)) throw std::runtime_error("sometimes");
}

SITE void thrown_past(Run& run) {
    try {
        Object* const object = keep(new Object());
        fail_sometimes(run);
        delete object;
    } catch (const std::exception&) {
    }
}

struct Parts {
    explicit Parts(Run& run) : first(keep(new Object())) { fail_sometimes(run); }
    ~Parts() { delete first; }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;
    Object* first;
};

SITE void constructor_throws(Run& run) {
    try {
        const Parts parts(run);
    } catch (const std::exception&) {
    }
}

// The exception itself, its message in a std::string, is held for ever by a copy that is dropped.
SITE void exception_copied(Run& run) {
    try {
        fail_sometimes(run);
    } catch (const std::runtime_error& error) {
        keep(new std::string(error.what() + std::string(100, '.')));
    }
}

struct Node {
    std::shared_ptr<Node> other;
    char bytes[48];
};

SITE void shared_in_a_circle(Run& run) {
    if (!run.chance(0.4)) return;
    auto one = std::make_shared<Node>();
    one->other = std::make_shared<Node>();
    one->other->other = one;
}

SITE void container_cleared(Run& run) {
    static std::vector<Object*> objects;
    for (int i = run.events(1); i > 0; --i) objects.push_back(keep(new Object()));
    if (run.round() % 10 == 9) objects.clear();
}

SITE void erased_from_map(Run& run) {
    static std::map<int, Object*> objects;
    const auto key = static_cast<int>(run.below(50));
    if (run.chance(0.5)) {
        objects.erase(key);
    } else if (!objects.contains(key)) {
        objects[key] = keep(new Object());
    }
}

SITE void released_not_reset(Run& run) {
    auto object = std::make_unique<Object>();
    keep(object.get());
    if (run.chance(0.4)) object.release();
}

SITE void array_forgotten(Run& run) {
    for (int i = run.events(0.5); i > 0; --i) keep(new std::string[3]);
}

struct Context {
    std::string request = std::string(60, 'r');
};

// Who waits frees it; who gives up does not.
SITE void callback_never_called(Run& run) {
    for (int i = run.events(3); i > 0; --i) {
        Context* const context = keep(new Context());
        if (!run.chance(0.1)) delete context;
    }
}

constexpr Kind kKinds[] = {
    {"thrown_past", Truth::lost, "thrown_past", thrown_past},
    {"constructor_throws", Truth::lost, "constructor_throws", constructor_throws},
    {"exception_copied", Truth::lost, "exception_copied", exception_copied},
    {"shared_in_a_circle", Truth::lost, "shared_in_a_circle", shared_in_a_circle},
    {"container_cleared", Truth::lost, "container_cleared", container_cleared},
    {"erased_from_map", Truth::lost, "erased_from_map", erased_from_map},
    {"released_not_reset", Truth::lost, "released_not_reset", released_not_reset},
    {"array_forgotten", Truth::lost, "array_forgotten", array_forgotten},
    {"callback_never_called", Truth::lost, "callback_never_called", callback_never_called},
};

}  // namespace

std::span<const Kind> lost_objects() {
    return kKinds;
}

}  // namespace heapdrift::corpus
