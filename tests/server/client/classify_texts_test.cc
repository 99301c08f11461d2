#include "server/client/classify_texts.h"

#include <sstream>

#include "gmock/gmock.h"
#include "tests/server/client/fake_classifier_service.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

TEST(ClassifyTextsTest, WritesATableForEachTextInOrder) {
  FakeClassifierService service([](const std::string& text, v1::ClassifyResponse* response) {
    if (text == "wrong") return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no");
    return FakeClassifierService::RespondSports(text, response);
  });
  ASSERT_OK_AND_ASSIGN(const Connection connection,
                       Connect(service.address(), std::chrono::milliseconds(10000)));
  std::ostringstream out;
  EXPECT_EQ(ClassifyTexts(connection, {"one", "wrong", "three"}, CallOptions(), &out), 1u);
  EXPECT_THAT(out.str(), MatchesRegex("\"one\"\n.*3 tokens, model fake-1\n"
                                      "\n\"wrong\"\n  INVALID_ARGUMENT: no\n"
                                      "\n\"three\"\n.*5 tokens, model fake-1\n"));
  EXPECT_THAT(out.str(), HasSubstr("→ Sports     70.0 %  ████"));
}

}  // namespace
}  // namespace newsgenre
