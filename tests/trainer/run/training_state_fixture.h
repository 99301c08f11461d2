// A small training state, and a fixture with a folder of states.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>

#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "common/base/json_log.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "trainer/run/training_state.h"

namespace newsgenre {

// Returns a state after `step` steps and two epochs, with numbers that have no short decimal form.
inline TrainingState SmallState(int64_t step) {
  TrainingState state;
  state.identity = {{"--epochs", "3"}, {"SHA-256 of --train", "ab\"\n\xc3\xa9"}, {"device", ""}};
  state.version = "v7";
  state.micro_batch_tokens = (int64_t{1} << 53) + 1;
  state.step = step;
  state.epoch_seconds = 0.1 + 0.2;
  state.training_seconds = 0.7 / 3;
  state.seconds = 1e-310;
  state.cpu_seconds = 2e3 / 7;
  state.values = at::tensor({1.0f / 3, -0.0f, 1e-42f, 3e38f});
  state.means = at::tensor({0.1f, 0.2f, 0.3f, 0.7f});
  state.squares = at::tensor({1e-30f, 0.0f, 2.0f, 0.9f});
  state.records = at::rand({step, 3});
  for (const int epoch : {1, 2}) {
    EpochResult& result = state.epochs.emplace_back();
    result.epoch = epoch;
    result.steps = 17 + epoch;
    result.training_loss = 1.0 / 3 / epoch;
    result.training_article_loss = 1.0 / 7;
    result.training_accuracy = 2.0 / 3;
    result.training_correct = 40;
    result.validation_article_loss = 1e-300;
    result.learning_rate = 1.1e-5;
    result.seconds = 12.3;
    result.texts_per_second = 811.1;
    result.tokens_per_second = 40000.7;
    state.validation.push_back({{0.1f, 0.9f}, {1.0f / 3, 2.0f / 3}, {1e-40f, 1}});
  }
  state.best = 1;
  state.best_values = at::tensor({0.0f, 1.0f, 2.0f, 3.0f});
  return state;
}

class TrainingStateTest : public testing::Test {
 protected:
  TrainingStateTest() {
    at::set_num_threads(1);
    SetLogStream(&log_);
  }
  ~TrainingStateTest() override { SetLogStream(nullptr); }

  // Saves the states one after the other, as one process does.
  void Save(const std::vector<TrainingState>& states) {
    ASSERT_OK_AND_ASSIGN(const auto store, StateStore::Open(folder_));
    for (const TrainingState& state : states) ASSERT_THAT(store->Save(state), IsOk());
  }
  // Loads as a new process does.
  absl::StatusOr<std::optional<TrainingState>> Load() {
    absl::StatusOr<std::unique_ptr<StateStore>> store = StateStore::Open(folder_);
    if (!store.ok()) return store.status();
    return (*store)->Load();
  }
  // Returns the step of the state; -1 for none, -2 for an error.
  static int64_t StepOf(const absl::StatusOr<std::optional<TrainingState>>& loaded) {
    EXPECT_THAT(loaded, IsOk());
    if (!loaded.ok()) return -2;
    return loaded->has_value() ? (*loaded)->step : -1;
  }

  const TempDir dir_;
  const std::string folder_ = dir_.File("model/states");
  std::stringstream log_;
};

}  // namespace newsgenre
