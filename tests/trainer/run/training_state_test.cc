#include "trainer/run/training_state.h"

#include <ATen/ops/equal.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/file_size_limit.h"
#include "tests/trainer/run/training_state_fixture.h"

namespace newsgenre {
namespace {

namespace fs = std::filesystem;

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::vector<std::string> Names(const std::string& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename());
  }
  return names;
}

void ExpectSameEpoch(const EpochResult& one, const EpochResult& other) {
  EXPECT_EQ(one.epoch, other.epoch);
  EXPECT_EQ(one.steps, other.steps);
  EXPECT_EQ(one.training_loss, other.training_loss);
  EXPECT_EQ(one.training_article_loss, other.training_article_loss);
  EXPECT_EQ(one.training_accuracy, other.training_accuracy);
  EXPECT_EQ(one.training_correct, other.training_correct);
  EXPECT_EQ(one.validation_article_loss, other.validation_article_loss);
  EXPECT_EQ(one.learning_rate, other.learning_rate);
  EXPECT_EQ(one.seconds, other.seconds);
  EXPECT_EQ(one.texts_per_second, other.texts_per_second);
  EXPECT_EQ(one.tokens_per_second, other.tokens_per_second);
}

void ExpectSame(const TrainingState& one, const TrainingState& other) {
  EXPECT_EQ(one.identity, other.identity);
  EXPECT_EQ(one.version, other.version);
  EXPECT_EQ(one.micro_batch_tokens, other.micro_batch_tokens);
  EXPECT_EQ(one.step, other.step);
  EXPECT_EQ(one.epoch_seconds, other.epoch_seconds);
  EXPECT_EQ(one.training_seconds, other.training_seconds);
  EXPECT_EQ(one.seconds, other.seconds);
  EXPECT_TRUE(at::equal(one.values, other.values));
  EXPECT_TRUE(at::equal(one.means, other.means));
  EXPECT_TRUE(at::equal(one.squares, other.squares));
  EXPECT_TRUE(at::equal(one.records, other.records));
  ASSERT_EQ(one.epochs.size(), other.epochs.size());
  for (size_t i = 0; i < one.epochs.size(); ++i) ExpectSameEpoch(one.epochs[i], other.epochs[i]);
  EXPECT_EQ(one.validation, other.validation);
  EXPECT_EQ(one.best, other.best);
  EXPECT_TRUE(at::equal(one.best_values, other.best_values));
}

TEST_F(TrainingStateTest, ANewFolderHasNoState) {
  ASSERT_OK_AND_ASSIGN(const auto store, StateStore::Open(folder_));
  ASSERT_OK_AND_ASSIGN(const auto state, store->Load());
  EXPECT_FALSE(state.has_value());
  EXPECT_EQ(store->newest(), "");
}

TEST_F(TrainingStateTest, RestoresEveryBit) {
  const TrainingState saved = SmallState(35);
  Save({saved});
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load());
  ASSERT_TRUE(loaded.has_value());
  ExpectSame(*loaded, saved);
  EXPECT_TRUE(std::signbit(loaded->values[1].item<float>()));
  EXPECT_EQ(log_.str(), "");
}

TEST_F(TrainingStateTest, SavesAStateBeforeTheFirstStep) {
  TrainingState fresh;
  fresh.version = "v1";
  fresh.values = fresh.means = fresh.squares = at::tensor({1.0f, 2.0f});
  Save({fresh});
  ASSERT_OK_AND_ASSIGN(const auto loaded, Load());
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->step, 0);
  EXPECT_TRUE(loaded->epochs.empty());
  EXPECT_TRUE(at::equal(loaded->values, fresh.values));
}

TEST_F(TrainingStateTest, KeepsTheLastTwoStates) {
  ASSERT_OK_AND_ASSIGN(const auto store, StateStore::Open(folder_));
  for (int step = 1; step <= 4; ++step) {
    ASSERT_THAT(store->Save(SmallState(step)), IsOk());
    EXPECT_THAT(Names(folder_), testing::SizeIs(step == 1 ? 2 : 3));
  }
  EXPECT_THAT(Names(folder_), UnorderedElementsAre("lock", "state-000000003", "state-000000004"));
  EXPECT_EQ(store->newest(), folder_ + "/state-000000004");
  EXPECT_EQ(StepOf(store->Load()), 4);
}

TEST_F(TrainingStateTest, ExcludesOtherProcesses) {
  ASSERT_OK_AND_ASSIGN(auto store, StateStore::Open(folder_));
  fs::create_directory(folder_ + "/state-000000001.tmp.x");
  EXPECT_THAT(StateStore::Open(folder_),
              StatusIs(StatusCode::kFailedPrecondition, "another training run is using " + folder_));
  // Unfinished files can belong to the other process.
  EXPECT_TRUE(fs::exists(folder_ + "/state-000000001.tmp.x"));
  store = nullptr;
  EXPECT_THAT(StateStore::Open(folder_), IsOk());
}

TEST_F(TrainingStateTest, RemovesUnfinishedFiles) {
  Save({SmallState(3)});
  fs::create_directory(folder_ + "/state-000000002.tmp.Ab12cd");
  std::ofstream(folder_ + "/state-000000002.tmp.Ab12cd/tensors.safetensors") << "half";
  std::ofstream(folder_ + "/x.tmp.123") << "half";
  EXPECT_EQ(StepOf(Load()), 3);
  EXPECT_THAT(Names(folder_), UnorderedElementsAre("lock", "state-000000001"));
}

TEST_F(TrainingStateTest, IgnoresForeignFolders) {
  Save({SmallState(3)});
  fs::copy(folder_ + "/state-000000001", folder_ + "/state-000000009.bak");
  fs::create_directory(folder_ + "/state-old");
  ASSERT_OK_AND_ASSIGN(const auto store, StateStore::Open(folder_));
  EXPECT_EQ(store->newest(), folder_ + "/state-000000001");
  ASSERT_THAT(store->Save(SmallState(4)), IsOk());
  EXPECT_EQ(store->newest(), folder_ + "/state-000000002");
  EXPECT_TRUE(fs::exists(folder_ + "/state-old"));
  EXPECT_EQ(log_.str(), "");
}

TEST_F(TrainingStateTest, AFailedWriteKeepsTheEarlierStates) {
  ASSERT_OK_AND_ASSIGN(const auto store, StateStore::Open(folder_));
  ASSERT_THAT(store->Save(SmallState(5)), IsOk());
  ASSERT_THAT(store->Save(SmallState(6)), IsOk());
  const auto tensor_bytes = fs::file_size(folder_ + "/state-000000002/tensors.safetensors");
  // The limit hits the tensors, or state.json, which is longer.
  ASSERT_LT(tensor_bytes, fs::file_size(folder_ + "/state-000000002/state.json"));
  for (const rlim_t bytes : {uintmax_t{0}, tensor_bytes - 1, tensor_bytes + 10}) {
    absl::Status status;
    {
      const FileSizeLimit limit(bytes);
      status = store->Save(SmallState(6));
    }
    EXPECT_THAT(status, StatusIs(StatusCode::kInternal,
                                 AllOf(HasSubstr("can't write " + folder_), HasSubstr("File too large"))));
    EXPECT_THAT(Names(folder_), UnorderedElementsAre("lock", "state-000000001", "state-000000002"));
    EXPECT_EQ(StepOf(store->Load()), 6);
  }
  ASSERT_THAT(store->Save(SmallState(7)), IsOk());
  EXPECT_THAT(Names(folder_), UnorderedElementsAre("lock", "state-000000002", "state-000000003"));
}

TEST_F(TrainingStateTest, FailsIfTheFolderCannotBeMade) {
  std::ofstream(dir_.File("file")) << "text";
  EXPECT_THAT(StateStore::Open(dir_.File("file/states")),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr(dir_.File("file/states"))));
  fs::create_directories(folder_ + "/lock");
  EXPECT_THAT(StateStore::Open(folder_),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("can't open " + folder_ + "/lock")));
}

TEST_F(TrainingStateTest, RemoveDeletesTheFolder) {
  Save({SmallState(1), SmallState(2)});
  ASSERT_OK_AND_ASSIGN(const auto store, StateStore::Open(folder_));
  store->Remove();
  EXPECT_FALSE(fs::exists(folder_));
}

// Each thread opens a lock that another thread can be about to remove.
TEST_F(TrainingStateTest, RemoveNeverAllowsTwoOwners) {
  std::atomic<int> owners{0}, runs{0}, most{0};
  const auto run = [&] {
    while (runs < 500) {
      const absl::StatusOr<std::unique_ptr<StateStore>> store = StateStore::Open(folder_);
      if (!store.ok()) continue;
      most = std::max<int>(most, ++owners);
      ++runs;
      std::this_thread::yield();
      --owners;
      (*store)->Remove();
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back(run);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
}

TEST(CompareIdentitiesTest, NamesEachDifference) {
  const std::map<std::string, std::string> identity = {{"--epochs", "2"}, {"--seed", "1"}, {"device", "cpu"}};
  EXPECT_THAT(CompareIdentities(identity, identity), IsOk());
  EXPECT_THAT(CompareIdentities({}, {}), IsOk());
  EXPECT_THAT(
      CompareIdentities(identity, {{"--epochs", "3"}, {"--head", ""}, {"--seed", "1"}}),
      StatusIs(StatusCode::kFailedPrecondition,
               "the state belongs to another run: --epochs is 3, the state has 2; --head is empty, the state "
               "has absent; device is absent, the state has cpu"));
}

}  // namespace
}  // namespace newsgenre
