// engine_bench: newsgenre's worker of engine_bench.py, which runs texts through a classifier on request.
//   engine_bench MODEL_FOLDER PRECISION THREADS IDS_JSON
//     IDS_JSON is a file with a list of texts, each a list of token ids. Prints {"precision": …, "kernels":
//     …} on stdout. Then reads requests {"texts": [indexes], "batch": size, "scores": bool} from stdin, one
//     per line, and responds to each with {"seconds": …}, the time for these texts in batches of that size
//     and in this order. With `scores` the response also has the texts' "log_probabilities".
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

// Runs `texts` in batches of `size` and returns their probabilities.
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

Json LogProbabilities(const ProbabilityRows& scores) {
  Json rows = Json::array();
  for (const Probabilities& row : scores) {
    Json log_probabilities = Json::array();
    for (const float probability : row) log_probabilities.push_back(std::log(probability));
    rows.push_back(std::move(log_probabilities));
  }
  return rows;
}

absl::StatusOr<Json> Respond(const Classifier& classifier, const std::vector<Encoding>& all,
                             const Json& request) {
  std::vector<const Encoding*> texts;
  for (const size_t text : request.at("texts")) texts.push_back(&all.at(text));
  const auto start = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(const ProbabilityRows scores, RunBatches(classifier, texts, request.at("batch")));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  Json response = {{"seconds", seconds.count()}};
  if (request.value("scores", false)) response["log_probabilities"] = LogProbabilities(scores);
  return response;
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
    ASSIGN_OR_RETURN(const Json response, Respond(*classifier, texts, Json::parse(line)));
    std::cout << response << std::endl;
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
