// The forward pass that newsgenre_server would run, with nothing around it: same weights, threads, precision
// and kernels, on texts that are already tokens.
//
//   bare_model --model_dir=DIR --texts=FILE --count=N
// First prints {"tokens": [of each text], "batch_texts": N, "batch_tokens": N, "precision": "fp32"}. Then
// each line of standard input names the texts of a batch by their indexes, such as "0 5 7"; the answer is one
// line, the seconds that its forward pass took.
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

ABSL_FLAG(std::string, model_dir, "", "As newsgenre_server's.");
ABSL_FLAG(std::string, texts, "", "CSV or JSON Lines file of news.");
ABSL_FLAG(int, count, 0, "How many of its texts.");

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

void Describe(const Model& model, const std::vector<Encoding>& texts) {
  nlohmann::ordered_json json;
  for (const Encoding& text : texts) json["tokens"].push_back(text.ids.size());
  json["batch_texts"] = model.batch_limits().texts;
  json["batch_tokens"] = model.batch_limits().tokens;
  json["precision"] = model.info().precision;
  std::cout << json.dump() << std::endl;
}

absl::Status AnswerLines(const Model& model, const std::vector<Encoding>& texts) {
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
  ASSIGN_OR_RETURN(const std::shared_ptr<const Model> model, LoadClassifierModel(options));
  ASSIGN_OR_RETURN(const std::vector<Encoding> texts, EncodeTexts(*model));
  Describe(*model, texts);
  return AnswerLines(*model, texts);
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
