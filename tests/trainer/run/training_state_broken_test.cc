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
  // Expects that the older state is loaded and that the log has `problem`.
  void ExpectFallback(const std::string& problem) {
    log_.str("");
    EXPECT_EQ(StepOf(Load()), kOlder) << problem;
    EXPECT_THAT(log_.str(), AllOf(HasSubstr("\"WARNING\""), HasSubstr("skipped a damaged state"),
                                  HasSubstr("state-000000002"), HasSubstr(problem)));
  }

  std::string tensors_, json_;
};

TEST_F(BrokenStateTest, LoadsTheNewestUndamagedState) {
  EXPECT_EQ(StepOf(Load()), kNewest);
  EXPECT_EQ(log_.str(), "");
}

TEST_F(BrokenStateTest, SkipsTruncatedTensors) {
  for (const size_t size : {size_t{0}, size_t{7}, size_t{100}, tensors_.size() / 2, tensors_.size() - 1}) {
    Write("tensors.safetensors", tensors_.substr(0, size));
    ExpectFallback("the tensors don't match their SHA-256");
  }
}

TEST_F(BrokenStateTest, SkipsChangedTensors) {
  for (const size_t at : {size_t{0}, size_t{20}, tensors_.size() / 2, tensors_.size() - 1}) {
    std::string changed = tensors_;
    changed[at] ^= 1;
    Write("tensors.safetensors", changed);
    ExpectFallback("the tensors don't match their SHA-256");
  }
  Write("tensors.safetensors", tensors_ + "x");
  ExpectFallback("the tensors don't match their SHA-256");
}

TEST_F(BrokenStateTest, SkipsAStateWithMissingFiles) {
  fs::remove(Path(2, "tensors.safetensors"));
  ExpectFallback("NOT_FOUND");
  Write("tensors.safetensors", tensors_);
  fs::remove(Path(2, "state.json"));
  ExpectFallback("NOT_FOUND");
  fs::remove(Path(2, "tensors.safetensors"));
  ExpectFallback("NOT_FOUND");
}

TEST_F(BrokenStateTest, SkipsBrokenJson) {
  for (const size_t size : {size_t{0}, size_t{1}, json_.size() / 2, json_.size() - 3}) {
    Write("state.json", json_.substr(0, size));
    ExpectFallback("DATA_LOSS: state.json: ");
  }
}

// Each field is valid by itself.
TEST_F(BrokenStateTest, SkipsFieldsThatDoNotMatchTheTensors) {
  using Json = nlohmann::json;
  const std::pair<std::function<void(Json*)>, const char*> cases[] = {
      {[](Json* json) { (*json)["step"] = kOlder; }, "records is missing or has the wrong shape"},
      {[](Json* json) { (*json)["step"] = int64_t{1} << 62; }, "records is missing or has the wrong shape"},
      {[](Json* json) { (*json)["epochs"].erase(0), (*json)["best"] = 0; },
       "validation is missing or has the wrong shape"},
  };
  for (const auto& [change, problem] : cases) {
    Json json = Json::parse(json_);
    change(&json);
    Write("state.json", json.dump());
    ExpectFallback(problem);
  }
}

// The tensors don't match each other, but their hash is right.
TEST_F(BrokenStateTest, SkipsTensorsOfWrongShapes) {
  const std::pair<at::Tensor TrainingState::*, const char*> cases[] = {
      {&TrainingState::means, "means is missing or has the wrong shape"},
      {&TrainingState::squares, "squares is missing or has the wrong shape"},
      {&TrainingState::records, "records is missing or has the wrong shape"},
      {&TrainingState::best_values, "best_values is missing or has the wrong shape"},
  };
  for (const auto& [tensor, problem] : cases) {
    fs::remove_all(folder_);
    TrainingState state = SmallState(kNewest);
    state.*tensor = at::tensor({1.0f, 2.0f, 3.0f});
    Save({SmallState(kOlder), state});
    ExpectFallback(problem);
  }
}

TEST_F(BrokenStateTest, NewestIsTheLoadedState) {
  Write("state.json", "");
  ASSERT_OK_AND_ASSIGN(const auto store, StateStore::Open(folder_));
  EXPECT_EQ(store->newest(), folder_ + "/state-000000002");
  EXPECT_EQ(StepOf(store->Load()), kOlder);
  EXPECT_EQ(store->newest(), folder_ + "/state-000000001");
  ASSERT_THAT(store->Save(SmallState(10)), IsOk());
  EXPECT_EQ(store->newest(), folder_ + "/state-000000003");
}

// A file replaces the folder: not even root can list it.
TEST_F(BrokenStateTest, FailsIfTheFolderCannotBeRead) {
  ASSERT_OK_AND_ASSIGN(const auto store, StateStore::Open(folder_));
  fs::rename(folder_, folder_ + ".away");
  std::ofstream{folder_} << "text";
  const auto is_named = StatusIs(StatusCode::kNotFound, HasSubstr("can't list " + folder_));
  EXPECT_THAT(store->Load(), is_named);
  EXPECT_THAT(store->Save(SmallState(10)), is_named);
  EXPECT_EQ(store->newest(), "");
}

TEST_F(BrokenStateTest, FailsIfAllStatesAreDamaged) {
  Write("state.json", "");
  std::ofstream(Path(1, "tensors.safetensors")) << "text";
  EXPECT_THAT(Load(),
              StatusIs(StatusCode::kDataLoss, AllOf(StartsWith(folder_ + ": all states are damaged"),
                                                    HasSubstr("the tensors don't match their SHA-256"))));
}

TEST_F(BrokenStateTest, SavesAfterADamagedState) {
  Write("state.json", "");
  Save({SmallState(10)});
  ASSERT_OK_AND_ASSIGN(const auto store, StateStore::Open(folder_));
  EXPECT_EQ(store->newest(), folder_ + "/state-000000003");
  EXPECT_EQ(StepOf(store->Load()), 10);
}

}  // namespace
}  // namespace newsgenre
