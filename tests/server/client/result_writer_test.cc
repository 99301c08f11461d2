#include "server/client/result_writer.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <sstream>
#include <vector>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace newsgenre {
namespace {

v1::ClassifyResponse Response(float world, float sports) {
  v1::ClassifyResponse response;
  response.add_probabilities()->set_label("World");
  response.mutable_probabilities(0)->set_probability(world);
  response.add_probabilities()->set_label("Sports");
  response.mutable_probabilities(1)->set_probability(sports);
  response.set_label("World");
  response.set_model_version("r7");
  response.set_token_count(54);
  return response;
}

TEST(ResultLineTest, WritesTheDocumentedFormat) {
  EXPECT_EQ(ResultLine(Response(0.98f, 0.02f)),
            R"({"label": "World", "probabilities": {"World": 0.98, "Sports": 0.02}, "tokens": 54, )"
            R"("truncated": false, "model_version": "r7"})");
}

TEST(ResultLineTest, KeepsTheOrderOfLabels) {
  const auto json = nlohmann::ordered_json::parse(ResultLine(Response(0.98f, 0.02f)));
  EXPECT_EQ(json["probabilities"].begin().key(), "World");
}

TEST(ResultLineTest, ProbabilitiesParseToTheSameFloats) {
  for (const float value : {0.0f, 1.0f, 0.1f, 1e-7f, 1e-38f, 0.33333334f, 0.99999994f}) {
    const auto json = nlohmann::json::parse(ResultLine(Response(value, 0)));
    EXPECT_EQ(json["probabilities"]["World"].get<float>(), value);
  }
}

TEST(ResultLineTest, EscapesStrings) {
  v1::ClassifyResponse response = Response(1, 0);
  response.set_model_version("a\"b\n");
  response.set_truncated(true);
  const auto json = nlohmann::json::parse(ResultLine(response));
  EXPECT_EQ(json["model_version"], "a\"b\n");
  EXPECT_EQ(json["truncated"], true);
}

TEST(ResultLineTest, WritesAnErrorObject) {
  EXPECT_EQ(ResultLine(absl::InvalidArgumentError("text is \"empty\"")),
            R"({"error": "INVALID_ARGUMENT: text is \"empty\""})");
}

TEST(OrderedWriterTest, HoldsTextsUntilEarlierOnesAreWritten) {
  std::ostringstream out;
  OrderedWriter writer(&out);
  writer.Write(2, "c");
  writer.Write(1, "b");
  EXPECT_EQ(out.str(), "");
  EXPECT_EQ(writer.held(), 2u);
  writer.Write(0, "a");
  EXPECT_EQ(out.str(), "abc");
  EXPECT_EQ(writer.held(), 0u);
  writer.Write(3, "d");
  EXPECT_EQ(out.str(), "abcd");
}

TEST(OrderedWriterTest, OutputDoesNotDependOnTheOrderOfArrival) {
  std::vector<size_t> order(100);
  std::iota(order.begin(), order.end(), 0);
  std::string expected;
  for (const size_t i : order) expected += std::to_string(i) + "\n";
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    std::ostringstream out;
    OrderedWriter writer(&out);
    for (const size_t i : order) writer.Write(i, std::to_string(i) + "\n");
    EXPECT_EQ(out.str(), expected);
  }
}

}  // namespace
}  // namespace newsgenre
