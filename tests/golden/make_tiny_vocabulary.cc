// Trains the small vocabulary of the tests on the bundled sample:
//   make_tiny_vocabulary deploy/sample/train.csv tests/golden/tiny.spiece.model
#include <iostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/text/clean_text.h"
#include "common/text/news_reader.h"
#include "trainer/data/vocabulary_trainer.h"

namespace newsgenre {
namespace {

constexpr int kPieces = 800;

absl::Status MakeTinyVocabulary(const std::string& sample, const std::string& model_path) {
  ASSIGN_OR_RETURN(const std::vector<NewsRow> rows, ReadNews(sample));
  std::vector<std::string> texts;
  for (const NewsRow& row : rows) {
    texts.push_back(CleanText(JoinTitleAndBody(row.title, row.body), kLatestCleaning));
  }
  ASSIGN_OR_RETURN(const std::string model, TrainVocabulary(texts, kPieces));
  return WriteFileAtomic(model_path, model);
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: make_tiny_vocabulary NEWS SPIECE_MODEL\n";
    return 2;
  }
  const absl::Status status = newsgenre::MakeTinyVocabulary(argv[1], argv[2]);
  if (!status.ok()) {
    std::cerr << status << '\n';
  }
  return status.ok() ? 0 : 1;
}
