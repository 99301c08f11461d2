// A fixture for a whole pre-training on a few sentences that takes a fraction of a second.
#pragma once

#include <atomic>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/base/json_log.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "trainer/data/random.h"
#include "trainer/pretraining/pretraining_run.h"

namespace newsgenre {

// Returns paragraphs of one to three sentences, drawn from three.
inline std::string EasyText(int paragraphs, uint64_t seed) {
  const char* const sentences[] = {"the striker scored a late goal on monday",
                                   "a bank in london sold its shares last year",
                                   "scientists found ice beneath a new planet"};
  Random random(seed);
  std::string text;
  for (int i = 0; i < paragraphs; ++i) {
    for (uint64_t left = 1 + random.Below(3); left > 0; --left) {
      text += std::string(sentences[random.Below(3)]) + ". ";
    }
    text += "\n";
  }
  return text;
}

class PretrainingRunFixture : public testing::Test {
 protected:
  PretrainingRunFixture() {
    config_.text = {Write("text.txt", EasyText(150, 1))};
    config_.run.model_dir = dir_.File("model");
    config_.model.max_tokens = 48;
    config_.model.network.vocab_size = 44;
    config_.model.network.embedding_size = 16;
    config_.model.network.hidden_size = 32;
    config_.model.network.layers = 1;
    config_.model.network.heads = 2;
    config_.optimizer.epochs = 3;
    config_.optimizer.learning_rate = 1e-2;
    config_.optimizer.batch_texts = 16;
    config_.run.threads = 1;
    config_.run.device = "cpu";
    config_.run.precision = "fp32";
    config_.run.recipe = {{"epochs", "3"}};
    SetLogStream(&log_);
  }
  ~PretrainingRunFixture() override { SetLogStream(nullptr); }

  absl::StatusOr<Report> Run() { return RunPretraining(config_, {stop_, &progress_}); }

  std::string Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(dir_.File(name), std::ios::binary) << bytes;
    return dir_.File(name);
  }
  const std::string& folder() const { return config_.run.model_dir; }
  std::vector<std::string> Names() const { return ListFolder(folder()).value_or(std::vector<std::string>()); }
  // Returns the SHA-256 of the weights.
  std::string Weights() const {
    const auto bytes = ReadFile(folder() + "/model.safetensors");
    return bytes.ok() ? Sha256(*bytes) : bytes.status().ToString();
  }

  const TempDir dir_;
  std::stringstream log_;
  std::stringstream terminal_;
  Progress progress_{&terminal_};
  std::atomic<bool> stop_{false};
  PretrainingConfig config_;
};

}  // namespace newsgenre
