// A whole training run on the bundled sample that takes a fraction of a second.
#pragma once

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/base/json_log.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"
#include "trainer/finetuning/training_run.h"

namespace newsgenre {

class TrainingRunFixture : public testing::Test {
 protected:
  TrainingRunFixture() {
    config_.train = std::string(NEWSGENRE_SOURCE_DIR) + "/deploy/sample/train.csv";
    config_.model_dir = dir_.File("model");
    config_.model_version = "v1";
    config_.max_tokens = 48;
    config_.network.vocab_size = 500;
    config_.network.embedding_size = 16;
    config_.network.hidden_size = 16;
    config_.network.layers = 1;
    config_.network.heads = 2;
    config_.epochs = 1;
    config_.threads = 1;
    config_.device = "cpu";
    config_.precision = "fp32";
    config_.recipe = {{"epochs", "1"}};
    SetLogStream(&log_);
  }
  ~TrainingRunFixture() override { SetLogStream(nullptr); }

  // To start from, in place of a network from nothing and a vocabulary of the training rows.
  void UseTinyModel() {
    ASSERT_THAT(PublishTinyModel(dir_.File("start")), IsOk());
    config_.init_from = dir_.File("start");
    config_.network = {};
  }

  absl::StatusOr<Report> Run() { return RunTraining(config_, {stop_, &progress_}); }

  std::string WriteRows(const std::string& name, const std::string& rows) {
    std::ofstream(dir_.File(name)) << rows;
    return dir_.File(name);
  }

  static std::vector<std::string> Names(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  // SHA-256 of a release's weights.
  std::string Weights(const std::string& version) const {
    const auto bytes = ReadFile(config_.model_dir + "/" + version + "/model.safetensors");
    return bytes.ok() ? Sha256(*bytes) : bytes.status().ToString();
  }

  const TempDir dir_;
  std::stringstream log_;  // of the serving code
  std::stringstream terminal_;
  Progress progress_{&terminal_};
  std::atomic<bool> stop_{false};
  TrainerConfig config_;
};

}  // namespace newsgenre
