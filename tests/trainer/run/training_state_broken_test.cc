#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include "common/base/file.h"
#include "nlohmann/json.hpp"
#include "tests/trainer/run/training_state_fixture.h"

namespace newsgenre {
namespace {

namespace fs = std::filesystem;

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class BrokenStateTest : public TrainingStateTest {
 protected:
  static constexpr int64_t kOlder = 8, kNewest = 9;

  BrokenStateTest() {
    Save({SmallState(kOlder), SmallState(kNewest)});
    tensors_ = *ReadFile(Path(2, "tensors.safetensors"));
    json_ = *ReadFile(Path(2, "state.json"));
  }

  std::string Path(int number, const std::string& file) const {
    return folder_ + "/state-00000000" + std::to_string(number) + "/" + file;
  }
  void Write(const std::string& file, const std::string& bytes) const {
    std::ofstream(Path(2, file), std::ios::binary) << bytes;
  }
  // That the older state is taken, and why.
  void ExpectFallback(const std::string& problem) {
    log_.str("");
    EXPECT_EQ(StepOf(Load()), kOlder) << problem;
    EXPECT_THAT(log_.str(), AllOf(HasSubstr("\"WARNING\""), HasSubstr("a state is broken and passed over"),
                                  HasSubstr("state-000000002"), HasSubstr(problem)));
  }

  std::string tensors_, json_;
};

TEST_F(BrokenStateTest, Sound) {
  EXPECT_EQ(StepOf(Load()), kNewest);
  EXPECT_EQ(log_.str(), "");
}

TEST_F(BrokenStateTest, TruncatedTensors) {
  for (const size_t size : {size_t{0}, size_t{7}, size_t{100}, tensors_.size() / 2, tensors_.size() - 1}) {
    Write("tensors.safetensors", tensors_.substr(0, size));
    ExpectFallback("the tensors were changed");
  }
}

TEST_F(BrokenStateTest, ChangedTensors) {
  for (const size_t at : {size_t{0}, size_t{20}, tensors_.size() / 2, tensors_.size() - 1}) {
    std::string changed = tensors_;
    changed[at] ^= 1;
    Write("tensors.safetensors", changed);
    ExpectFallback("the tensors were changed");
  }
  Write("tensors.safetensors", tensors_ + "x");
  ExpectFallback("the tensors were changed");
}

TEST_F(BrokenStateTest, MissingFiles) {
  fs::remove(Path(2, "tensors.safetensors"));
  ExpectFallback("NOT_FOUND");
  Write("tensors.safetensors", tensors_);
  fs::remove(Path(2, "state.json"));
  ExpectFallback("NOT_FOUND");
  fs::remove(Path(2, "tensors.safetensors"));
  ExpectFallback("NOT_FOUND");
}

TEST_F(BrokenStateTest, BrokenJson) {
  for (const size_t size : {size_t{0}, size_t{1}, json_.size() / 2, json_.size() - 3}) {
    Write("state.json", json_.substr(0, size));
    ExpectFallback("DATA_LOSS: state.json: ");
  }
}

// Fields that are sound by themselves.
TEST_F(BrokenStateTest, FieldsThatDoNotFitTheTensors) {
  using Json = nlohmann::json;
  const std::pair<std::function<void(Json*)>, const char*> cases[] = {
      {[](Json* json) { (*json)["step"] = kOlder; }, "records is missing or has another shape"},
      {[](Json* json) { (*json)["step"] = int64_t{1} << 62; }, "records is missing or has another shape"},
      {[](Json* json) { (*json)["epochs"].erase(0), (*json)["best"] = 0; },
       "validation is missing or has another shape"},
  };
  for (const auto& [change, problem] : cases) {
    Json json = Json::parse(json_);
    change(&json);
    Write("state.json", json.dump());
    ExpectFallback(problem);
  }
}

// Tensors that don't fit each other, with their right hash.
TEST_F(BrokenStateTest, TensorsOfOtherShapes) {
  const std::pair<at::Tensor TrainingState::*, const char*> cases[] = {
      {&TrainingState::means, "means is missing or has another shape"},
      {&TrainingState::squares, "squares is missing or has another shape"},
      {&TrainingState::records, "records is missing or has another shape"},
      {&TrainingState::best_values, "best_values is missing or has another shape"},
  };
  for (const auto& [tensor, problem] : cases) {
    fs::remove_all(folder_);
    TrainingState state = SmallState(kNewest);
    state.*tensor = at::tensor({1.0f, 2.0f, 3.0f});
    Save({SmallState(kOlder), state});
    ExpectFallback(problem);
  }
}

TEST_F(BrokenStateTest, TheOneThatIsTakenIsTheNewest) {
  Write("state.json", "");
  ASSERT_OK_AND_ASSIGN(const auto store, StateStore::Open(folder_));
  EXPECT_EQ(store->newest(), folder_ + "/state-000000002");
  EXPECT_EQ(StepOf(store->Load()), kOlder);
  EXPECT_EQ(store->newest(), folder_ + "/state-000000001");
  ASSERT_THAT(store->Save(SmallState(10)), IsOk());
  EXPECT_EQ(store->newest(), folder_ + "/state-000000003");
}

// A file in the folder's place: not even root reads it as one.
TEST_F(BrokenStateTest, AFolderThatCannotBeRead) {
  ASSERT_OK_AND_ASSIGN(const auto store, StateStore::Open(folder_));
  fs::rename(folder_, folder_ + ".away");
  std::ofstream{folder_} << "text";
  const auto is_named = StatusIs(StatusCode::kNotFound, HasSubstr("can't list " + folder_));
  EXPECT_THAT(store->Load(), is_named);
  EXPECT_THAT(store->Save(SmallState(10)), is_named);
  EXPECT_EQ(store->newest(), "");
}

TEST_F(BrokenStateTest, AllAreBroken) {
  Write("state.json", "");
  std::ofstream(Path(1, "tensors.safetensors")) << "text";
  EXPECT_THAT(Load(), StatusIs(StatusCode::kDataLoss, AllOf(StartsWith(folder_ + ": no state in it is sound"),
                                                            HasSubstr("the tensors were changed"))));
}

TEST_F(BrokenStateTest, TheNextOneIsSavedBehindIt) {
  Write("state.json", "");
  Save({SmallState(10)});
  ASSERT_OK_AND_ASSIGN(const auto store, StateStore::Open(folder_));
  EXPECT_EQ(store->newest(), folder_ + "/state-000000003");
  EXPECT_EQ(StepOf(store->Load()), 10);
}

}  // namespace
}  // namespace newsgenre
