#include "common/base/json_object.h"

#include <string>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

TEST(ParseJsonObjectTest, ParsesAnObject) {
  const std::string text =
      R"({"null": null, "true": true, "number": [0, -1, 1.5, 1e3], "text": "é\n", "object": {"text": {}}})";
  ASSERT_OK_AND_ASSIGN(const nlohmann::json object, ParseJsonObject(text));
  EXPECT_EQ(object, nlohmann::json::parse(text));
}

TEST(ParseJsonObjectTest, RefusesOtherValuesAndInvalidText) {
  for (const char* const text :
       {"", "[]", "7", "null", "{", "{}x", "{\"a\":}", "{\"a\":1e999}", "\"\xff\""}) {
    EXPECT_THAT(ParseJsonObject(text), StatusIs(StatusCode::kDataLoss, HasSubstr("not a JSON object")))
        << text;
  }
}

TEST(ParseJsonObjectTest, RefusesADuplicateName) {
  for (const char* const text : {R"({"w": 1, "w": 1})", R"({"a": [{"w": {}, "w": {}}]})"}) {
    EXPECT_THAT(ParseJsonObject(text), StatusIs(StatusCode::kDataLoss, HasSubstr("duplicate name w")));
  }
  EXPECT_THAT(ParseJsonObject(R"({"w": {"w": 1}, "v": [{"w": 1}, {"w": 1}]})"), IsOk());
}

TEST(ParseJsonObjectTest, RefusesDeepNesting) {
  const auto nested = [](size_t arrays) {
    return "{\"a\":" + std::string(arrays, '[') + std::string(arrays, ']') + "}";
  };
  EXPECT_THAT(ParseJsonObject(nested(31)), IsOk());
  for (const std::string& deep : {nested(32), nested(500000), std::string(500000, '[')}) {
    EXPECT_THAT(ParseJsonObject(deep),
                StatusIs(StatusCode::kDataLoss, HasSubstr("nested deeper than 32 levels")));
  }
}

}  // namespace
}  // namespace newsgenre
