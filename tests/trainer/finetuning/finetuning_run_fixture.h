// A fixture for a whole fine-tuning on the bundled sample that takes a fraction of a second.
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
#include "trainer/finetuning/finetuning_run.h"

namespace newsgenre {

class FinetuningRunFixture : public testing::Test {
 protected:
  FinetuningRunFixture() {
    config_.data.train = std::string(NEWSGENRE_SOURCE_DIR) + "/deploy/sample/train.csv";
    config_.run.model_dir = dir_.File("model");
    config_.model_version = "v1";
    config_.model.max_tokens = 48;
    config_.model.network.vocab_size = 500;
    config_.model.network.embedding_size = 16;
    config_.model.network.hidden_size = 16;
    config_.model.network.layers = 1;
    config_.model.network.heads = 2;
    config_.optimizer.epochs = 1;
    config_.run.threads = 1;
    config_.run.device = "cpu";
    config_.run.precision = "fp32";
    config_.run.recipe = {{"epochs", "1"}};
    SetLogStream(&log_);
  }
  ~FinetuningRunFixture() override { SetLogStream(nullptr); }

  // Starts from the tiny model instead of from scratch.
  void UseTinyModel() {
    ASSERT_THAT(PublishTinyModel(dir_.File("start")), IsOk());
    config_.model.init_from = dir_.File("start");
    config_.model.network = {};
  }

  absl::StatusOr<Report> Run() { return RunFinetuning(config_, {stop_, &progress_}); }

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

  // Returns the SHA-256 of a release's weights.
  std::string Weights(const std::string& version) const {
    const auto bytes = ReadFile(config_.run.model_dir + "/" + version + "/model.safetensors");
    return bytes.ok() ? Sha256(*bytes) : bytes.status().ToString();
  }

  const TempDir dir_;
  std::stringstream log_;  // of the serving code
  std::stringstream terminal_;
  Progress progress_{&terminal_};
  std::atomic<bool> stop_{false};
  FinetuningConfig config_;
};

}  // namespace newsgenre
