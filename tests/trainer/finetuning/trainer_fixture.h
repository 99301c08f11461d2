// A fixture that trains a small network on texts that are easy to classify.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/ops/equal.h>

#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"
#include "tests/trainer/run/memory_limit.h"
#include "tests/trainer/run/recording_observer.h"
#include "trainer/finetuning/trainer.h"

namespace newsgenre {

// Returns texts in which one word determines the label.
inline Dataset EasyData(const TextEncoder& encoder, int rows) {
  const char* const words[] = {"government", "football", "bank", "computer"};
  Dataset data;
  for (int i = 0; i < rows; ++i) {
    std::string text = "the " + std::string(words[i % 4]);
    for (int n = 0; n <= i % 5; ++n) text += " and a day";
    data.Add(*encoder.Encode(text), i % 4, 100 + i);
  }
  return data;
}

class TrainerFixture : public testing::Test {
 protected:
  TrainerFixture() {
    at::set_num_threads(1);  // more threads slow down such a small network
    config_.data.train = "train.csv";
    config_.optimizer.epochs = 8;
    config_.optimizer.learning_rate = 5e-3;
    config_.optimizer.batch_tokens = 64;
    config_.run.save_minutes = 0;
  }

  // Returns a new network, with the same weights each time.
  absl::StatusOr<std::unique_ptr<TrainingNetwork>> NewNetwork() {
    absl::StatusOr<Checkpoint> tiny = TinyCheckpoint();
    if (!tiny.ok()) return tiny.status();
    rows_ = {EasyData(tiny->encoder, training_rows_), EasyData(tiny->encoder, 20)};
    AlbertConfig config = tiny->model.config();
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = dropout_;
    config.classifier_dropout_prob = dropout_;
    absl::StatusOr<Albert> model =
        Albert::FromTensors(config, tiny->model.head(), 4, tiny->model.parameters());
    if (!model.ok()) return model.status();
    return std::make_unique<TrainingNetwork>(*model, at::kCPU, type_);
  }

  RunPlan Plan() const {
    const OptimizerConfig& optimizer = config_.optimizer;
    return {rows_.training.Lengths(),
            {optimizer.batch_tokens, optimizer.batch_texts},
            optimizer.epochs,
            config_.run.seed};
  }

  // Trains as a new process would, from the newest state in `folder` or from scratch, with a new observer.
  absl::StatusOr<TrainingResult> Train(const std::string& folder) {
    absl::StatusOr<std::unique_ptr<TrainingNetwork>> network = NewNetwork();
    if (!network.ok()) return network.status();
    absl::StatusOr<std::unique_ptr<StateStore>> states = StateStore::Open(folder);
    if (!states.ok()) return states.status();
    absl::StatusOr<std::optional<TrainingState>> state = (*states)->Load();
    if (!state.ok()) return state.status();
    observer_ = std::make_unique<RecordingObserver>();
    observer_->stop = stop_;
    observer_->stop_at_step = stop_at_step_;
    observer_->stop_at_epoch = stop_at_epoch_;
    const RunPlan plan = Plan();
    Trainer trainer(config_, rows_, plan, network->get(), {&progress_, observer_.get(), states->get()});
    const absl::Status started = trainer.Start(state->value_or(TrainingState()));
    if (!started.ok()) return started;
    const MemoryLimit limit(memory_limit_, memory_error_);
    return trainer.Run(observer_->stop);
  }

  absl::StatusOr<TrainingResult> Train() { return Train(dir_.File("states-" + std::to_string(++trained_))); }

  const TempDir dir_;
  std::stringstream terminal_;
  Progress progress_{&terminal_};
  FinetuningConfig config_;
  TrainingRows rows_;
  int training_rows_ = 60;
  double dropout_ = 0;
  at::ScalarType type_ = at::kFloat;
  bool stop_ = false;
  int64_t stop_at_step_ = -1;
  int stop_at_epoch_ = -1;
  size_t memory_limit_ = MemoryLimit::kNone;  // during the training
  MemoryLimit::Error memory_error_ = MemoryLimit::Error::kOutOfMemoryError;
  std::unique_ptr<RecordingObserver> observer_;  // of the last training

 private:
  int trained_ = 0;
};

// Returns the names of the weights that are not equal to the bit.
inline std::vector<std::string> DifferentWeights(const TrainingResult& a, const TrainingResult& b) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : a.weights) {
    const auto other = b.weights.find(name);
    if (other == b.weights.end() || !at::equal(tensor, other->second)) names.push_back(name);
  }
  return names;
}

}  // namespace newsgenre
