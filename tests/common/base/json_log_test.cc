#include "common/base/json_log.h"

#include <algorithm>
#include <sstream>
#include <thread>
#include <vector>

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

class JsonLogTest : public testing::Test {
 protected:
  JsonLogTest() { SetLogStream(&out_); }
  ~JsonLogTest() override { SetLogStream(nullptr); }
  std::stringstream out_;
};

TEST_F(JsonLogTest, WritesOneObjectPerLine) {
  Log(Severity::kWarning, "a \"quoted\"\nmessage", {{"port", 50051}, {"path", "/x"}});
  const std::string text = out_.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  const auto line = nlohmann::json::parse(text);
  EXPECT_EQ(line["severity"], "WARNING");
  EXPECT_EQ(line["message"], "a \"quoted\"\nmessage");
  EXPECT_EQ(line["port"], 50051);
  EXPECT_THAT(line["time"].get<std::string>(),
              testing::MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z"));
}

TEST_F(JsonLogTest, ReplacesInvalidUtf8) {
  Log(Severity::kInfo, "file \xff");
  EXPECT_EQ(nlohmann::json::parse(out_.str())["message"], "file \xEF\xBF\xBD");
}

TEST_F(JsonLogTest, DoesNotMixLinesOfDifferentThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 100; ++i) Log(Severity::kInfo, "hello");
    });
  }
  for (std::thread& thread : threads) thread.join();
  int lines = 0;
  for (std::string line; std::getline(out_, line); ++lines) {
    EXPECT_EQ(nlohmann::json::parse(line)["message"], "hello");
  }
  EXPECT_EQ(lines, 400);
}

}  // namespace
}  // namespace newsgenre
