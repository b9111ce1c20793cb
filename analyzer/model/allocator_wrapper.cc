#include "analyzer/model/allocator_wrapper.h"

#include <algorithm>
#include <array>

namespace heapdrift::model {

namespace {

// Compared with the whole name, up to its parameters or template arguments.
constexpr std::array<std::string_view, 44> kFunctions = {"__asprintf",
                                                         "__asprintf_chk",
                                                         "__getdelim",
                                                         "__getline",
                                                         "__libc_calloc",
                                                         "__libc_malloc",
                                                         "__libc_memalign",
                                                         "__libc_realloc",
                                                         "__strdup",
                                                         "__strndup",
                                                         "__vasprintf",
                                                         "__vasprintf_chk",
                                                         "__wcsdup",
                                                         "aligned_alloc",
                                                         "asprintf",
                                                         "calloc",
                                                         "cudaHostAlloc",
                                                         "cudaHostRegister",
                                                         "cudaMalloc",
                                                         "cudaMalloc3D",
                                                         "cudaMalloc3DArray",
                                                         "cudaMallocArray",
                                                         "cudaMallocAsync",
                                                         "cudaMallocFromPoolAsync",
                                                         "cudaMallocHost",
                                                         "cudaMallocManaged",
                                                         "cudaMallocPitch",
                                                         "getdelim",
                                                         "getline",
                                                         "malloc",
                                                         "memalign",
                                                         "posix_memalign",
                                                         "pvalloc",
                                                         "realloc",
                                                         "reallocarray",
                                                         "std::__allocate_guarded",
                                                         "std::allocate_shared",
                                                         "std::make_shared",
                                                         "std::make_unique",
                                                         "strdup",
                                                         "strndup",
                                                         "valloc",
                                                         "vasprintf",
                                                         "wcsdup"};

// Compared with the beginning of the name: their members, their return type cut off.
constexpr std::array<std::string_view, 10> kMembersOf = {
    "c10::",
    "at::detail::",
    "std::allocator<",
    "std::__new_allocator<",
    "__gnu_cxx::new_allocator<",
    "std::allocator_traits<",
    "std::__detail::_Hashtable_alloc<",
    "std::pmr::(anonymous namespace)::newdel_res_t::",
    "__gnu_cxx::__alloc_traits<",
    "std::__allocated_ptr<"};

// The same for Rust: what stands between a Box or a Vec and malloc.
constexpr std::array<std::string_view, 10> kOfRust = {
    "alloc::alloc::",        "<alloc::alloc::",
    "alloc::boxed::Box<",    "<alloc::boxed::Box<",
    "alloc::boxed::box_new", "alloc::raw_vec::",
    "<alloc::raw_vec::",     "__rust_",
    "__rustc::__r",          "__rdl_"};

}  // namespace

std::string_view without_return_type(std::string_view function) {
    constexpr std::string_view kAnonymous = "(anonymous namespace)";
    size_t start = 0;
    int depth = 0;
    for (size_t i = 0; i < function.size(); ++i) {
        const char c = function[i];
        if (c == '<') ++depth;
        if (c == '>') --depth;
        if (depth != 0) continue;
        if (function.substr(i).starts_with(kAnonymous))
            i += kAnonymous.size() - 1;
        else if (c == '(')
            break;
        else if (c == ' ')
            start = i + 1;
    }
    return function.substr(start);
}

bool is_allocator_wrapper(std::string_view function) {
    constexpr std::string_view kOperatorNew = "operator new";
    if (function.starts_with(kOperatorNew)) {
        const std::string_view rest = function.substr(kOperatorNew.size());
        return rest.empty() || rest[0] == '(' || rest[0] == '[';
    }
    for (const std::string_view prefix : kOfRust)
        if (function.starts_with(prefix)) return true;
    const std::string_view member = without_return_type(function);
    for (const std::string_view prefix : kMembersOf)
        if (member.starts_with(prefix)) return true;
    const std::string_view name = member.substr(0, member.find_first_of("(<@"));
    return std::ranges::find(kFunctions, name) != kFunctions.end();
}

}  // namespace heapdrift::model
