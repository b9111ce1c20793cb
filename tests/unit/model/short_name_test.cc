#include "analyzer/model/short_name.h"

#include <gtest/gtest.h>

namespace heapdrift::model {
namespace {

TEST(ShortenTemplates, LeavesOutWhatNobodyWrites) {
    const struct {
        const char* name;
        const char* expected;
    } cases[] = {
        {"main", "main"},
        {"std::vector<int, std::allocator<int> >::push_back(int const&)",
         "std::vector<int>::push_back(int const&)"},
        {"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >::append"
         "(char const*)",
         "std::string::append(char const*)"},
        {"f(std::basic_string_view<char, std::char_traits<char> >)", "f(std::string_view)"},
        {"std::map<int, std::__cxx11::basic_string<char, std::char_traits<char>, "
         "std::allocator<char> >, std::less<int>, std::allocator<std::pair<int const, "
         "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> > > > >"
         "::operator[](int const&)",
         "std::map<int, std::string>::operator[](int const&)"},
        {"std::unique_ptr<Cache, std::default_delete<Cache> >::~unique_ptr()",
         "std::unique_ptr<Cache>::~unique_ptr()"},
        {"std::__cxx11::list<int, std::allocator<int> >::clear()", "std::list<int>::clear()"},
        {"std::operator+<char, std::char_traits<char>, std::allocator<char> >(char const*)",
         "std::operator+<char>(char const*)"},
        {"std::operator<< <char, std::char_traits<char> >(char)", "std::operator<< <char>(char)"},
        {"std::allocator<int>::allocate(unsigned long)",
         "std::allocator<int>::allocate(unsigned long)"},
        // What is no part of the standard library may need its last argument.
        {"pool<int, std::allocator<int> >::get()", "pool<int, std::allocator<int>>::get()"},
        {"std::_Rb_tree<int, std::pair<int const, app::very_long_name_of_a_type<long, long> >, "
         "std::_Select1st<std::pair<int const, app::very_long_name_of_a_type<long, long> > > "
         ">::f()",
         "std::_Rb_tree<…>::f()"},
        {"outer<inner<a_rather_long_argument, and_another_argument>, int>::f()",
         "outer<inner<…>, int>::f()"},
    };
    for (const auto& each : cases) EXPECT_EQ(shorten_templates(each.name), each.expected);
}

TEST(ShortenTemplates, TakesNoOperatorForABracket) {
    for (const char* name :
         {"operator<(A, B)", "A::operator<<(int)", "A::operator->() const", "A::operator>>(int)",
          "operator<=>(A, B)", "A::operator()(int) const", "A::operator>(A const&)",
          "f(int)::{lambda(int)#1}::operator()(int) const", "A::operator<< <int>(int)"})
        EXPECT_EQ(shorten_templates(name), name);
    EXPECT_EQ(shorten_templates("bool operator< <int>(A<int, 2> const&)"),
              "bool operator< <int>(A<int, 2> const&)");
}

TEST(ShortenTemplates, KeepsNamesOfOtherLanguages) {
    EXPECT_EQ(shorten_templates("<alloc::vec::Vec<T> as core::Clone>::clone"),
              "<alloc::vec::Vec<T> as core::Clone>::clone");
    EXPECT_EQ(shorten_templates("main.(*T[go.shape.int]).f"), "main.(*T[go.shape.int]).f");
    EXPECT_EQ(shorten_templates("<lambda>"), "<lambda>");
}

TEST(ShortenTemplates, KeepsWhatDoesNotMatch) {
    for (const char* name : {"a<b", "a<b>>c", "a<(b>)", "a>b", "a<", "<", "x<y(>)"})
        EXPECT_EQ(shorten_templates(name), name);
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "a<";
    EXPECT_EQ(shorten_templates(deep), deep);
}

}  // namespace
}  // namespace heapdrift::model
