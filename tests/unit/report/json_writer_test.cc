#include "analyzer/report/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

namespace heapdrift::report {
namespace {

TEST(JsonWriter, WritesWhatAParserReadsBack) {
    std::ostringstream out;
    JsonWriter json(out);
    json.begin_object();
    json.key("numbers").begin_array().number(std::numeric_limits<uint64_t>::max());
    json.signed_number(-7).end_array();
    json.key("empty").begin_object().end_object();
    json.key("nothing").text_or_null("");
    json.key("name").text("a\"b\\c\n\x01</script>");
    json.key("time").seconds(std::nan(""));
    json.set_multiline(false);
    json.key("flat").begin_object().key("x").boolean(true).key("y").null().end_object();
    json.end_object();
    const auto read = nlohmann::json::parse(out.str());
    EXPECT_EQ(read["numbers"][0], std::numeric_limits<uint64_t>::max());
    EXPECT_EQ(read["numbers"][1], -7);
    EXPECT_TRUE(read["empty"].empty());
    EXPECT_TRUE(read["nothing"].is_null());
    EXPECT_EQ(read["name"], "a\"b\\c\n\x01</script>");
    EXPECT_EQ(read["time"], 0.0);
    EXPECT_EQ(read["flat"]["x"], true);
}

TEST(JsonWriter, ReplacesBytesThatAreNoUtf8) {
    EXPECT_EQ(json_string("a\xff\xc3"), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace heapdrift::report
