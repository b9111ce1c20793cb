#include "analyzer/report/export/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "analyzer/model/failure.h"

namespace heapdrift::report {

std::string gzip(std::string_view bytes) {
    constexpr int kGzip = 16;  // added to the window's size: gzip's header, not zlib's
    z_stream stream{};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzip, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        throw Failure("no memory to compress the export");
    std::string compressed;
    char buffer[1 << 16];
    int result = Z_OK;
    while (result != Z_STREAM_END) {
        // zlib counts in 32 bits.
        const size_t piece = std::min<size_t>(bytes.size(), std::numeric_limits<uInt>::max() / 2);
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream.avail_in = static_cast<uInt>(piece);
        stream.next_out = reinterpret_cast<Bytef*>(buffer);
        stream.avail_out = sizeof buffer;
        result = deflate(&stream, piece == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
        bytes.remove_prefix(piece - stream.avail_in);
        compressed.append(buffer, sizeof buffer - stream.avail_out);
    }
    deflateEnd(&stream);
    return compressed;
}

}  // namespace heapdrift::report
