#include "analyzer/input/foreign/unpacker.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <initializer_list>
#include <limits>

#include "analyzer/model/failure.h"

namespace heapdrift::input {

namespace {

constexpr size_t kPiece = 1 << 16;

bool starts_with(std::span<const std::byte> bytes, std::initializer_list<int> magic) {
    return bytes.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), bytes.begin(),
                      [](int wanted, std::byte byte) { return std::byte(wanted) == byte; });
}

bool is_gzip(std::span<const std::byte> bytes) {
    return starts_with(bytes, {0x1f, 0x8b});
}

bool is_zstd(std::span<const std::byte> bytes) {
    return starts_with(bytes, {0x28, 0xb5, 0x2f, 0xfd});
}

class Plain : public Unpacker {
public:
    explicit Plain(std::span<const std::byte> bytes) : rest_(bytes) {}
    bool unpack(std::string& text) override {
        const size_t size = std::min(rest_.size(), kPiece);
        text.append(reinterpret_cast<const char*>(rest_.data()), size);
        rest_ = rest_.subspan(size);
        return size != 0;
    }

private:
    std::span<const std::byte> rest_;
};

class Gzip : public Unpacker {
public:
    Gzip(std::span<const std::byte> bytes, const std::string& name) : rest_(bytes), name_(name) {
        constexpr int kGzip = 16;  // added to the window's size: gzip's header, not zlib's
        if (inflateInit2(&stream_, MAX_WBITS + kGzip) != Z_OK)
            throw Failure(fmt::format("{}: no memory to unpack it", name_));
    }
    ~Gzip() override { inflateEnd(&stream_); }
    bool unpack(std::string& text) override {
        if (ended_) {
            rest_ = rest_.subspan(padding());
            if (rest_.empty()) return false;
            // Files that were put one behind the other are one file.
            if (!is_gzip(rest_))
                throw Failure(fmt::format("{}: other data follow its compressed data", name_));
            inflateReset(&stream_);
            ended_ = false;
        }
        char buffer[kPiece];
        const size_t piece = std::min<size_t>(rest_.size(), std::numeric_limits<uInt>::max() / 2);
        stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(rest_.data()));
        stream_.avail_in = static_cast<uInt>(piece);
        stream_.next_out = reinterpret_cast<Bytef*>(buffer);
        stream_.avail_out = sizeof buffer;
        const int result = inflate(&stream_, Z_NO_FLUSH);
        rest_ = rest_.subspan(piece - stream_.avail_in);
        text.append(buffer, sizeof buffer - stream_.avail_out);
        ended_ = result == Z_STREAM_END;
        if (result != Z_OK && result != Z_STREAM_END)
            throw Failure(fmt::format("{}: its compressed data are {}", name_,
                                      result == Z_BUF_ERROR ? "cut short" : "damaged"));
        return true;
    }

private:
    // Tapes are filled up with zeros.
    size_t padding() const {
        return static_cast<size_t>(
            std::ranges::find_if(rest_, [](std::byte byte) { return byte != std::byte{0}; }) -
            rest_.begin());
    }

    std::span<const std::byte> rest_;
    std::string name_;
    z_stream stream_{};
    bool ended_ = false;
};

class Zstd : public Unpacker {
public:
    Zstd(std::span<const std::byte> bytes, const std::string& name)
        : input_{bytes.data(), bytes.size(), 0}, name_(name), stream_(ZSTD_createDStream()) {
        if (stream_ == nullptr) throw Failure(fmt::format("{}: no memory to unpack it", name_));
    }
    ~Zstd() override { ZSTD_freeDStream(stream_); }
    bool unpack(std::string& text) override {
        if (input_.pos == input_.size && (frame_ended_ || drained_)) {
            if (frame_ended_) return false;
            throw Failure(fmt::format("{}: its compressed data are cut short", name_));
        }
        char buffer[kPiece];
        ZSTD_outBuffer output{buffer, sizeof buffer, 0};
        const size_t result = ZSTD_decompressStream(stream_, &output, &input_);
        if (ZSTD_isError(result))
            throw Failure(fmt::format("{}: its compressed data are damaged: {}", name_,
                                      ZSTD_getErrorName(result)));
        frame_ended_ = result == 0;
        drained_ = output.pos < output.size;
        text.append(buffer, output.pos);
        return true;
    }

private:
    ZSTD_inBuffer input_;
    std::string name_;
    ZSTD_DStream* stream_;
    bool frame_ended_ = false;
    bool drained_ = false;  // all of what was read so far is unpacked
};

}  // namespace

std::unique_ptr<Unpacker> unpacker_of(std::span<const std::byte> bytes, const std::string& name) {
    if (is_gzip(bytes)) return std::make_unique<Gzip>(bytes, name);
    if (is_zstd(bytes)) return std::make_unique<Zstd>(bytes, name);
    return std::make_unique<Plain>(bytes);
}

UnpackLimits UnpackLimits::of(size_t packed) {
    constexpr uint64_t kLeastText = uint64_t{4} << 30;
    constexpr uint64_t kLeastKept = uint64_t{256} << 20;
    return {std::max<uint64_t>(kLeastText, packed * uint64_t{4096}),
            std::max<uint64_t>(kLeastKept, packed * uint64_t{256})};
}

bool is_compressed(std::span<const std::byte> bytes) {
    return is_gzip(bytes) || is_zstd(bytes);
}

void throw_unpacks_too_much(const std::string& name, const UnpackLimits& limits) {
    throw Failure(
        fmt::format("{}: it unpacks to more than {} MiB, which no recording of its size does; if "
                    "it is one, unpack it first",
                    name, limits.text >> 20));
}

void throw_keeps_too_much(const std::string& name, const UnpackLimits& limits) {
    throw Failure(
        fmt::format("{}: it holds more than {} MiB of names and call stacks, which no recording of "
                    "its size does",
                    name, limits.kept >> 20));
}

}  // namespace heapdrift::input
