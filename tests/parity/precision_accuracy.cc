// What each precision of the engine costs on a trained model: its accuracy, how often it gives fp32's top
// label, and how far its probabilities are from fp32's. By hand:
//   build/release/bin/precision_accuracy MODEL_DIR TRAIN_CSV [ROWS [PRECISION…]]
// MODEL_DIR: a model folder, a release or a Hugging Face folder; TRAIN_CSV: the file that it was trained on,
// of which the rows that the trainer split off for validation are taken (by the recipe in the manifest; all
// rows for a model without one), the first ROWS of them (0: all). Precisions: bf16 and int8 where none is
// named. Exit status 1: a precision loses more than 0.2 points, or gives another top label than fp32 on more
// than 0.5 % of the rows.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/checkpoint.h"
#include "common/device/cpu_threads.h"
#include "common/device/precision.h"
#include "common/inference/engine.h"
#include "common/inference/predict.h"
#include "common/model/packed_batch.h"
#include "common/text/news_reader.h"
#include "trainer/data/dataset.h"
#include "trainer/data/epoch_plan.h"
#include "trainer/data/predict_rows.h"

namespace newsgenre {
namespace {

constexpr double kMostPointsLost = 0.2;
constexpr double kLeastAgreement = 0.995;

// The rows that the trainer did not learn from.
absl::StatusOr<std::vector<int32_t>> HeldOutRows(const v1::Manifest& manifest, int64_t rows) {
  const auto& recipe = manifest.recipe();
  int64_t validation_rows = 0, seed = 0;
  if (recipe.count("seed") > 0 && absl::SimpleAtoi(recipe.at("seed"), &seed) &&
      absl::SimpleAtoi(recipe.at("validation_rows"), &validation_rows)) {
    ASSIGN_OR_RETURN(const Split split, SplitRows(rows, validation_rows, static_cast<uint64_t>(seed)));
    return split.validation;
  }
  std::vector<int32_t> all(rows);
  for (int32_t row = 0; row < rows; ++row) all[row] = row;
  return all;
}

absl::StatusOr<Dataset> ReadData(const Checkpoint& checkpoint, const std::string& path, int64_t limit) {
  const std::atomic<bool> stop{false};
  ASSIGN_OR_RETURN(const std::vector<NewsRow> rows, ReadNews(path));
  ASSIGN_OR_RETURN(std::vector<int32_t> chosen,
                   HeldOutRows(checkpoint.manifest, static_cast<int64_t>(rows.size())));
  if (limit > 0 && limit < static_cast<int64_t>(chosen.size())) chosen.resize(limit);
  return EncodeRows(rows, chosen, checkpoint.encoder, AvailableCpus(), stop);
}

absl::StatusOr<ProbabilityRows> PredictAll(const Forward& forward, const Dataset& data) {
  const std::atomic<bool> stop{false};
  const auto predict = [&](const RowBatch& batch) {
    std::vector<Encoding> texts;
    for (const int32_t row : batch) texts.push_back(data.Text(row));
    std::vector<const Encoding*> pointers;
    for (const Encoding& text : texts) pointers.push_back(&text);
    return Predict(forward, pointers);
  };
  return PredictRows(data.Lengths(), {/*tokens=*/2048, /*texts=*/32}, predict, stop);
}

int TopLabel(const std::vector<float>& row) {
  return static_cast<int>(std::max_element(row.begin(), row.end()) - row.begin());
}

double Accuracy(const ProbabilityRows& rows, const std::vector<int>& labels) {
  int64_t right = 0;
  for (size_t i = 0; i < rows.size(); ++i) right += TopLabel(rows[i]) == labels[i];
  return static_cast<double>(right) / static_cast<double>(rows.size());
}

// For each text how far its probabilities are from fp32's, ascending.
std::vector<float> Drifts(const ProbabilityRows& rows, const ProbabilityRows& fp32) {
  std::vector<float> drifts(rows.size(), 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t label = 0; label < rows[i].size(); ++label) {
      drifts[i] = std::max(drifts[i], std::abs(rows[i][label] - fp32[i][label]));
    }
  }
  std::sort(drifts.begin(), drifts.end());
  return drifts;
}

// Prints a line; whether the precision keeps to its bounds.
bool Report(std::string_view precision, const ProbabilityRows& rows, const ProbabilityRows& fp32,
            const std::vector<int>& labels) {
  int64_t same = 0;
  for (size_t i = 0; i < rows.size(); ++i) same += TopLabel(rows[i]) == TopLabel(fp32[i]);
  const double agreement = static_cast<double>(same) / static_cast<double>(rows.size());
  const double accuracy = Accuracy(rows, labels), lost = 100 * (Accuracy(fp32, labels) - accuracy);
  const std::vector<float> drifts = Drifts(rows, fp32);
  const bool good = lost <= kMostPointsLost && agreement >= kLeastAgreement;
  std::printf(
      "%-5s accuracy %.2f %%, %.2f points lost; top label as fp32's %.2f %%; probabilities moved by %.4f "
      "(median), %.4f (99 %%), %.4f (most)  %s\n",
      std::string(precision).c_str(), 100 * accuracy, lost, 100 * agreement, drifts[drifts.size() / 2],
      drifts[drifts.size() * 99 / 100], drifts.back(), good ? "ok" : "MISS");
  return good;
}

absl::StatusOr<bool> Run(const std::vector<std::string>& arguments) {
  int64_t limit = 0;
  if (arguments.size() < 2 || (arguments.size() > 2 && !absl::SimpleAtoi(arguments[2], &limit))) {
    return absl::InvalidArgumentError("usage: precision_accuracy MODEL_DIR TRAIN_CSV [ROWS [PRECISION…]]");
  }
  std::vector<std::string> names = {"bf16", "int8"};
  if (arguments.size() > 3) names.assign(arguments.begin() + 3, arguments.end());
  SetCpuThreads(AvailableCpus());
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, LoadCheckpoint(arguments[0]));
  ASSIGN_OR_RETURN(const Dataset data, ReadData(checkpoint, arguments[1], limit));
  ASSIGN_OR_RETURN(const ProbabilityRows fp32, PredictAll(PlainForward(checkpoint.model), data));
  std::printf("%ld rows\n", static_cast<long>(data.size()));
  bool good = Report("fp32", fp32, fp32, data.labels);
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const Precision precision, ParsePrecision(name, {}));
    ASSIGN_OR_RETURN(const Engine engine, Engine::Build(checkpoint.model, precision));
    const Forward forward = [&](const std::vector<const Encoding*>& batch) {
      return engine.Logits(PackBatch(batch, engine.device()));
    };
    ASSIGN_OR_RETURN(const ProbabilityRows rows, PredictAll(forward, data));
    good &= Report(name, rows, fp32, data.labels);
  }
  return good;
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  const absl::StatusOr<bool> good = newsgenre::Run({argv + 1, argv + argc});
  if (!good.ok()) std::cerr << good.status() << '\n';
  return good.value_or(false) ? 0 : 1;
}
