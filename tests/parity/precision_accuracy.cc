// Measures the effect of each precision on a trained model: the accuracy, how often the top label agrees with
// fp32, and how far the probabilities deviate from fp32.
//   build/release/bin/precision_accuracy MODEL_DIR TRAIN_CSV [ROWS [PRECISION…]]
// MODEL_DIR is a model folder, a release or a Hugging Face folder. TRAIN_CSV is the file that the model was
// trained on. The program uses the rows that the trainer split off for validation, by the recipe in the
// manifest, or all rows for a model without a recipe; ROWS limits their number (0: no limit). The default
// precisions are bf16 and int8. The exit status is 1 if a precision loses more than 0.2 points, or its top
// label differs from fp32's on more than 0.5 % of the rows.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/checkpoint.h"
#include "common/device/cpu_threads.h"
#include "common/device/precision.h"
#include "common/inference/network.h"
#include "common/inference/predict.h"
#include "common/text/news_reader.h"
#include "trainer/data/dataset.h"
#include "trainer/data/epoch_plan.h"
#include "trainer/data/predict_rows.h"

namespace newsgenre {
namespace {

constexpr double kMaxPointsLost = 0.2;
constexpr double kMinAgreement = 0.995;

// Returns the rows that the trainer did not train on.
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

int TopLabel(const Probabilities& row) {
  return static_cast<int>(std::max_element(row.begin(), row.end()) - row.begin());
}

double Accuracy(const ProbabilityRows& rows, const std::vector<int>& labels) {
  int64_t correct = 0;
  for (size_t i = 0; i < rows.size(); ++i) correct += TopLabel(rows[i]) == labels[i];
  return static_cast<double>(correct) / static_cast<double>(rows.size());
}

// Returns each text's largest deviation from fp32's probabilities, ascending.
std::vector<float> Deviations(const ProbabilityRows& rows, const ProbabilityRows& fp32) {
  std::vector<float> deviations(rows.size(), 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t label = 0; label < rows[i].size(); ++label) {
      deviations[i] = std::max(deviations[i], std::abs(rows[i][label] - fp32[i][label]));
    }
  }
  std::sort(deviations.begin(), deviations.end());
  return deviations;
}

// Prints one line. Returns whether the precision keeps to the limits.
bool Report(std::string_view precision, const ProbabilityRows& rows, const ProbabilityRows& fp32,
            const std::vector<int>& labels) {
  int64_t agreeing = 0;
  for (size_t i = 0; i < rows.size(); ++i) agreeing += TopLabel(rows[i]) == TopLabel(fp32[i]);
  const double agreement = static_cast<double>(agreeing) / static_cast<double>(rows.size());
  const double accuracy = Accuracy(rows, labels), lost = 100 * (Accuracy(fp32, labels) - accuracy);
  const std::vector<float> deviations = Deviations(rows, fp32);
  const bool passed = lost <= kMaxPointsLost && agreement >= kMinAgreement;
  std::printf(
      "%-5s accuracy %.2f %%, %.2f points lost; top label as fp32's %.2f %%; deviation %.4f "
      "(median), %.4f (99 %%), %.4f (largest)  %s\n",
      std::string(precision).c_str(), 100 * accuracy, lost, 100 * agreement,
      deviations[deviations.size() / 2], deviations[deviations.size() * 99 / 100], deviations.back(),
      passed ? "ok" : "MISS");
  return passed;
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
  bool passed = Report("fp32", fp32, fp32, data.labels);
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const Precision precision, ParsePrecision(name, {}));
    ASSIGN_OR_RETURN(std::shared_ptr<const Network> network, MakeNetwork(checkpoint.model, precision));
    ASSIGN_OR_RETURN(const ProbabilityRows rows, PredictAll(NetworkForward(std::move(network)), data));
    passed &= Report(name, rows, fp32, data.labels);
  }
  return passed;
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  const absl::StatusOr<bool> passed = newsgenre::Run({argv + 1, argv + argc});
  if (!passed.ok()) std::cerr << passed.status() << '\n';
  return passed.value_or(false) ? 0 : 1;
}
