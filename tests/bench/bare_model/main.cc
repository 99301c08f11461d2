// bare_model: times the forward pass of newsgenre_server alone, with the same weights, threads, precision and
// kernels, on encoded texts.
//
//   bare_model --model_dir=DIR --texts=FILE --count=N
// First prints {"tokens": [count of each text], "batch_texts": N, "batch_tokens": N, "precision": "fp32"}.
// Then reads batches from standard input, one per line, as indexes of texts, such as "0 5 7". For each batch,
// prints the seconds of its forward pass on one line.
#include <chrono>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "common/base/runtime_settings.h"
#include "common/base/status_macros.h"
#include "common/text/clean_text.h"
#include "common/text/news_reader.h"
#include "nlohmann/json.hpp"
#include "server/classifier/classifier_model.h"

ABSL_FLAG(std::string, model_dir, "", "The model folder, as for newsgenre_server.");
ABSL_FLAG(std::string, texts, "", "CSV or JSON Lines file of news.");
ABSL_FLAG(int, count, 0, "Number of texts to read from the file.");

namespace newsgenre {
namespace {

absl::StatusOr<std::vector<Encoding>> EncodeTexts(const Model& model) {
  NewsFormat format;
  format.labels_required = false;
  ASSIGN_OR_RETURN(const std::vector<NewsRow> rows, ReadNews(absl::GetFlag(FLAGS_texts), format));
  std::vector<Encoding> encodings;
  for (const NewsRow& row : rows) {
    if (encodings.size() == static_cast<size_t>(absl::GetFlag(FLAGS_count))) break;
    ASSIGN_OR_RETURN(Encoding encoding, model.Encode(JoinTitleAndBody(row.title, row.body)));
    encodings.push_back(std::move(encoding));
  }
  return encodings;
}

void PrintDescription(const Model& model, const std::vector<Encoding>& texts) {
  nlohmann::ordered_json json;
  for (const Encoding& text : texts) json["tokens"].push_back(text.ids.size());
  json["batch_texts"] = model.batch_limits().texts;
  json["batch_tokens"] = model.batch_limits().tokens;
  json["precision"] = model.info().precision;
  std::cout << json.dump() << std::endl;
}

absl::Status TimeBatches(const Model& model, const std::vector<Encoding>& texts) {
  using Clock = std::chrono::steady_clock;
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<const Encoding*> batch;
    std::istringstream indexes(line);
    for (size_t index = 0; indexes >> index;) batch.push_back(&texts.at(index));
    const auto start = Clock::now();
    RETURN_IF_ERROR(model.Predict(batch).status());
    std::cout << std::chrono::duration<double>(Clock::now() - start).count() << std::endl;
  }
  return absl::OkStatus();
}

absl::Status Run() {
  ClassifierModelOptions options;
  options.model_dir = absl::GetFlag(FLAGS_model_dir);
  ASSIGN_OR_RETURN(const FirstModel first, LoadFirstModel(options));
  const Model& model = *first.model;
  ASSIGN_OR_RETURN(const std::vector<Encoding> texts, EncodeTexts(model));
  PrintDescription(model, texts);
  return TimeBatches(model, texts);
}

int Main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  const absl::Status status = Run();
  if (!status.ok()) std::cerr << "bare_model: " << status.ToString() << std::endl;
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  newsgenre::ReexecWithRuntimeSettings(argv);
  return newsgenre::Main(argc, argv);
}
