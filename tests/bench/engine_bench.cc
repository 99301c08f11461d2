// Our side of tests/bench/engine_bench.py: runs texts through a classifier as they are asked for.
//   engine_bench MODEL_FOLDER PRECISION THREADS IDS_JSON
//     IDS_JSON is a file with a list of texts, each a list of ids. Says {"precision": …, "kernels": …} on
//     stdout, then answers each line {"texts": [numbers], "batch": size, "scores": bool} on stdin with
//     {"seconds": …}, the time that the texts took in batches of that size, in that order; with `scores` also
//     the texts' "log_probabilities".
#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/base/runtime_settings.h"
#include "common/base/status_macros.h"
#include "common/device/cpu_threads.h"
#include "common/inference/classifier.h"
#include "nlohmann/json.hpp"

namespace newsgenre {
namespace {

using Json = nlohmann::json;

absl::StatusOr<std::vector<Encoding>> ReadTexts(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  std::vector<Encoding> texts;
  for (const Json& ids : Json::parse(bytes)) texts.push_back({ids.get<std::vector<int32_t>>()});
  return texts;
}

// The probabilities of `texts`, in batches of `size`.
absl::StatusOr<ProbabilityRows> RunBatches(const Classifier& classifier,
                                           const std::vector<const Encoding*>& texts, size_t size) {
  ProbabilityRows scores;
  for (size_t start = 0; start < texts.size(); start += size) {
    const auto end = std::min(start + size, texts.size());
    ASSIGN_OR_RETURN(ProbabilityRows batch,
                     classifier.Predict({texts.begin() + static_cast<std::ptrdiff_t>(start),
                                         texts.begin() + static_cast<std::ptrdiff_t>(end)}));
    std::move(batch.begin(), batch.end(), std::back_inserter(scores));
  }
  return scores;
}

Json Logarithms(const ProbabilityRows& scores) {
  Json rows = Json::array();
  for (const Probabilities& row : scores) {
    Json logarithms = Json::array();
    for (const float probability : row) logarithms.push_back(std::log(probability));
    rows.push_back(std::move(logarithms));
  }
  return rows;
}

absl::StatusOr<Json> Answer(const Classifier& classifier, const std::vector<Encoding>& all,
                            const Json& request) {
  std::vector<const Encoding*> texts;
  for (const size_t text : request.at("texts")) texts.push_back(&all.at(text));
  const auto start = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(const ProbabilityRows scores, RunBatches(classifier, texts, request.at("batch")));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  Json answer = {{"seconds", seconds.count()}};
  if (request.value("scores", false)) answer["log_probabilities"] = Logarithms(scores);
  return answer;
}

absl::Status Run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 4) {
    return absl::InvalidArgumentError("usage: engine_bench MODEL_FOLDER PRECISION THREADS IDS_JSON");
  }
  SetCpuThreads(std::stoi(arguments[2]));
  ASSIGN_OR_RETURN(const std::vector<Encoding> texts, ReadTexts(arguments[3]));
  ClassifierOptions options;
  options.device = "cpu";
  options.precision = arguments[1];
  ASSIGN_OR_RETURN(const std::unique_ptr<Classifier> classifier, Classifier::Load(arguments[0], options));
  Json kernels = Json::array();
  for (const KernelChoice& choice : classifier->kernels())
    kernels.push_back(choice.linear + ": " + choice.kernel);
  std::cout << Json{{"precision", PrecisionName(classifier->precision())}, {"kernels", kernels}} << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    ASSIGN_OR_RETURN(const Json answer, Answer(*classifier, texts, Json::parse(line)));
    std::cout << answer << std::endl;
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  newsgenre::ReexecWithRuntimeSettings(argv);
  const absl::Status status = newsgenre::Run({argv + 1, argv + argc});
  if (!status.ok()) std::cerr << status << '\n';
  return status.ok() ? 0 : 1;
}
