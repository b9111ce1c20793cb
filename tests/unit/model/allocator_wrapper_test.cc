#include "analyzer/model/allocator_wrapper.h"

#include <gtest/gtest.h>

namespace heapdrift::model {
namespace {

TEST(AllocatorWrapper, KnowsTheUsualOnes) {
    for (const char* name :
         {"operator new(unsigned long)", "operator new[](unsigned long, std::align_val_t)",
          "operator new(unsigned long, std::nothrow_t const&)", "strdup", "__strdup",
          "std::allocator<char>::allocate(unsigned long)",
          "std::__new_allocator<std::_List_node<int> >::allocate(unsigned long, void const*)",
          "__gnu_cxx::new_allocator<int>::allocate(unsigned long, void const*)",
          "std::allocator_traits<std::allocator<int> >::allocate(std::allocator<int>&, unsigned "
          "long)",
          "std::unique_ptr<Foo, std::default_delete<Foo> > std::make_unique<Foo>(int&&)",
          "alloc::alloc::alloc", "<alloc::alloc::Global as core::alloc::Allocator>::allocate",
          "<alloc::boxed::Box<app::Cache>>::new", "alloc::raw_vec::RawVec<T,A>::grow_one",
          "__rust_alloc", "__rustc::__rdl_alloc", "cudaMalloc", "cudaMallocAsync@libcudart.so.13"})
        EXPECT_TRUE(is_allocator_wrapper(name)) << name;
}

TEST(AllocatorWrapper, LeavesTheProgramsOwnCode) {
    for (const char* name :
         {"", "main", "strdup_checked", "operator newt", "app::malloc(int)",
          "std::vector<int, std::allocator<int> >::push_back(int const&)",
          "(anonymous namespace)::make(std::allocator<int> const&)",
          "void app::fill<std::allocator<int> >(int) const", "xmalloc", "alloc::vec::Vec<T>::push",
          "app::alloc::alloc::alloc", "cudaMallocCounted"})
        EXPECT_FALSE(is_allocator_wrapper(name)) << name;
}

}  // namespace
}  // namespace heapdrift::model
