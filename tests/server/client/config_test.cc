#include "server/client/config.h"

#include <functional>
#include <string>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;

ClientConfig Classify() {
  ClientConfig config;
  config.command = "classify";
  config.texts = {"a text"};
  return config;
}

TEST(ClientConfigTest, AcceptsEachCommand) {
  EXPECT_THAT(Classify().Validate(), IsOk());
  ClientConfig file = Classify();
  file.texts.clear();
  file.input = "news.csv";
  EXPECT_THAT(file.Validate(), IsOk());
  ClientConfig model;
  model.command = "model";
  EXPECT_THAT(model.Validate(), IsOk());
}

struct Case {
  std::string name;
  std::function<void(ClientConfig*)> change;
  std::string message;
};

class BadClientConfigTest : public testing::TestWithParam<Case> {};

TEST_P(BadClientConfigTest, IsRefused) {
  ClientConfig config = Classify();
  GetParam().change(&config);
  EXPECT_THAT(config.Validate(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadClientConfigTest,
    testing::Values(Case{"NoAddress", [](ClientConfig* c) { c->address = ""; }, "--address is required"},
                    Case{"NoCommand", [](ClientConfig* c) { c->command = ""; },
                         "no command; it must be classify or model"},
                    Case{"UnknownCommand", [](ClientConfig* c) { c->command = "train"; },
                         "unknown command train; it must be classify or model"},
                    Case{"ModelWithArguments", [](ClientConfig* c) { c->command = "model"; },
                         "model takes no argument"},
                    Case{"NothingToClassify", [](ClientConfig* c) { c->texts.clear(); }, "either texts"},
                    Case{"TextsAndInput", [](ClientConfig* c) { c->input = "a.csv"; }, "either texts"},
                    Case{"NoTime", [](ClientConfig* c) { c->timeout = std::chrono::milliseconds(0); },
                         "--timeout is 0; it must be above 0"},
                    Case{"NoCalls", [](ClientConfig* c) { c->concurrency = 0; },
                         "--concurrency is 0; it must be 1 to 1024"},
                    Case{"TooManyCalls", [](ClientConfig* c) { c->concurrency = 1025; },
                         "--concurrency is 1025; it must be 1 to 1024"}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

}  // namespace
}  // namespace newsgenre
