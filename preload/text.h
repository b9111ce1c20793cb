// The little text handling the recorder needs, into fixed buffers: no libc formatting, which may
// allocate or take locale locks.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heapdrift {

inline size_t text_size(const char* text) {
    size_t size = 0;
    while (text[size] != '\0') ++size;
    return size;
}

inline bool text_equal(const char* left, const char* right) {
    while (*left != '\0' && *left == *right) ++left, ++right;
    return *left == *right;
}

inline bool text_starts(const char* text, const char* prefix) {
    while (*prefix != '\0')
        if (*text++ != *prefix++) return false;
    return true;
}

inline bool text_contains(const char* text, const char* part) {
    for (; *text != '\0'; ++text)
        if (text_starts(text, part)) return true;
    return false;
}

// Copies into a field of a fixed size, cut if need be, always NUL-terminated.
template <size_t Size>
void copy_text(char (&field)[Size], const char* text) {
    size_t i = 0;
    for (; i + 1 < Size && text[i] != '\0'; ++i) field[i] = text[i];
    field[i] = '\0';
}

// A line or path being put together. What does not fit is cut and overflowed() says so.
template <size_t Size>
class TextBuffer {
public:
    TextBuffer& operator<<(const char* text) {
        while (*text != '\0') push(*text++);
        return *this;
    }
    TextBuffer& operator<<(uint64_t number) {
        char digits[20];
        size_t count = 0;
        do digits[count++] = static_cast<char>('0' + number % 10);
        while ((number /= 10) != 0);
        while (count > 0) push(digits[--count]);
        return *this;
    }
    void push(char c) {
        if (size_ + 1 < Size)
            buffer_[size_++] = c;
        else
            overflowed_ = true;
        buffer_[size_] = '\0';
    }
    const char* text() const { return buffer_; }
    size_t size() const { return size_; }
    bool overflowed() const { return overflowed_; }

private:
    char buffer_[Size] = {};
    size_t size_ = 0;
    bool overflowed_ = false;
};

inline const char* base_name(const char* path) {
    const char* base = path;
    for (const char* c = path; *c != '\0'; ++c)
        if (*c == '/') base = c + 1;
    return base;
}

// Reads decimal digits; returns the first character behind them, or nullptr if there is none or
// the number does not fit.
inline const char* parse_number(const char* text, uint64_t& number) {
    if (*text < '0' || *text > '9') return nullptr;
    number = 0;
    for (; *text >= '0' && *text <= '9'; ++text)
        if (__builtin_mul_overflow(number, uint64_t{10}, &number) ||
            __builtin_add_overflow(number, static_cast<uint64_t>(*text - '0'), &number))
            return nullptr;
    return text;
}

}  // namespace heapdrift
