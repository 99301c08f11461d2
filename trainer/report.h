// What a training run reports: a table for people, JSON for programs. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "trainer/evaluate.h"

namespace newsgenre {

struct EpochResult {
  int epoch = 0;  // from 1
  int64_t steps = 0;
  double training_loss = 0;      // mean over the epoch, with dropout, while the weights change
  double training_accuracy = 0;  // likewise, 0 … 1
  Metrics validation;            // at the epoch's end
  double seconds = 0;            // training and validation
  double texts_per_second = 0;   // training alone
};

struct Report {
  std::string version;
  std::string release;  // the folder
  std::vector<std::string> labels;
  std::string device;
  int threads = 0;
  int64_t training_rows = 0;
  int64_t validation_rows = 0;
  int64_t parameters = 0;
  int vocab_size = 0;
  std::vector<EpochResult> epochs;
  int best = 0;          // index into `epochs` of the one that is published
  bool stopped = false;  // by a signal: epochs are missing, or the test
  std::optional<Metrics> test;
  bool test_skipped = false;  // by a signal
  double seconds = 0;         // of the whole run
  std::map<std::string, std::string> recipe;
};

// One line an epoch, the published one marked.
std::string EpochTable(const std::vector<EpochResult>& epochs, int best);

// "accuracy 91.34 % (6942 of 7600), loss 0.2571".
std::string Summary(const Metrics& metrics);

nlohmann::ordered_json ReportJson(const Report& report);

}  // namespace newsgenre
