#include "trainer/run/state_json.h"

#include <functional>
#include <utility>

#include "nlohmann/json.hpp"
#include "tests/trainer/run/training_state_fixture.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::_;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kSha256[] = "0123";

class StateJsonTest : public testing::Test {
 protected:
  static absl::Status Read(const std::string& json) {
    TrainingState state;
    return StateFromJson(json, kSha256, &state);
  }

  const std::string json_ = StateToJson(SmallState(9), kSha256);
};

// TrainingStateTest.RestoresEveryBit checks every field.
TEST_F(StateJsonTest, ReadingAndWritingGivesTheSameJson) {
  TrainingState state;
  ASSERT_THAT(StateFromJson(json_, kSha256, &state), IsOk());
  EXPECT_EQ(StateToJson(state, kSha256), json_);
}

TEST_F(StateJsonTest, ReplacesBytesThatAreNotUtf8) {
  TrainingState state = SmallState(9);
  state.identity = {{"--a", "\xff\xfe"}};
  EXPECT_THAT(Read(StateToJson(state, kSha256)), IsOk());
}

TEST_F(StateJsonTest, RefusesTruncatedJson) {
  for (size_t size = 0; size + 2 < json_.size(); ++size) {
    EXPECT_THAT(Read(json_.substr(0, size)), StatusIs(StatusCode::kDataLoss, StartsWith("state.json: ")));
  }
}

TEST_F(StateJsonTest, RefusesOtherJson) {
  const std::string deep(100000, '[');
  for (const char* const json : {"null", "7", "[]", "{}", "\"text\"", "{\"format_version\":2}",
                                 "{\"format_version\":1e99}", "\xff\xfe", deep.c_str()}) {
    EXPECT_THAT(Read(json), StatusIs(StatusCode::kDataLoss, _)) << std::string(json).substr(0, 50);
  }
}

// After any change the result is a state or DATA_LOSS.
TEST_F(StateJsonTest, SurvivesAnyChangedByte) {
  for (size_t at = 0; at < json_.size(); ++at) {
    for (const char flip : {1, 2, 4, 8, 16, 32, 64}) {
      std::string changed = json_;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      const absl::Status status = Read(changed);
      EXPECT_TRUE(status.ok() || absl::IsDataLoss(status)) << changed;
    }
  }
}

TEST_F(StateJsonTest, RefusesWrongFields) {
  using Json = nlohmann::json;
  const std::pair<std::function<void(Json*)>, const char*> cases[] = {
      {[](Json* json) { (*json)["format_version"] = 1; }, "format_version is 1; this program reads 2"},
      {[](Json* json) { (*json)["tensors_sha256"] = ""; }, "the tensors don't match their SHA-256"},
      {[](Json* json) { (*json)["tensors_sha256"] = 7; }, "state.json: "},
      {[](Json* json) { json->erase("best"); }, "state.json: "},
      {[](Json* json) { (*json)["identity"] = "text"; }, "state.json: "},
      {[](Json* json) { (*json)["identity"]["--epochs"] = 3; }, "state.json: "},
      {[](Json* json) { (*json)["seconds"] = nullptr; }, "state.json: "},
      {[](Json* json) { (*json)["epochs"] = 7; }, "state.json: "},
      {[](Json* json) { (*json)["epochs"][1].erase("seconds"); }, "state.json: "},
      {[](Json* json) { (*json)["step"] = -1; }, "step or best is out of range"},
      {[](Json* json) { (*json)["best"] = -1; }, "step or best is out of range"},
      {[](Json* json) { (*json)["best"] = 2; }, "step or best is out of range"},
  };
  for (const auto& [change, problem] : cases) {
    Json json = Json::parse(json_);
    change(&json);
    EXPECT_THAT(Read(json.dump()), StatusIs(StatusCode::kDataLoss, HasSubstr(problem)));
  }
}

}  // namespace
}  // namespace newsgenre
