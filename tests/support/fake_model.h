// A model without a network. Its predictions depend on the text's length only, or come from a function that
// the test provides.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/models/model.h"

namespace newsgenre {

class FakeModel : public Model {
 public:
  using PredictFunction = std::function<absl::StatusOr<ProbabilityRows>(const std::vector<const Encoding*>&)>;

  explicit FakeModel(std::string version = "fake-1", PredictFunction predict = PredictByLength,
                     BatchLimits limits = {32, 4096})
      : limits_(limits), predict_(std::move(predict)) {
    info_.version = std::move(version);
    info_.labels = {"World", "Sports", "Business", "Sci/Tech"};
    info_.max_tokens = 16;
    info_.metrics = {{"test_accuracy", 0.5}};
    info_.device = "cpu";
    info_.precision = "fp32";
  }

  const ModelInfo& info() const override { return info_; }
  BatchLimits batch_limits() const override { return limits_; }

  // Not thread-safe; call it before the model is shared.
  void set_workers(int workers) { info_.workers = workers; }

  // Returns one token per byte, between [CLS] and [SEP].
  absl::StatusOr<Encoding> Encode(std::string_view text) const override {
    if (text.find_first_not_of(' ') == std::string_view::npos) {
      return absl::InvalidArgumentError("no text is left after cleaning");
    }
    Encoding encoding;
    const size_t kept = info_.max_tokens - 2;
    encoding.truncated = text.size() > kept;
    encoding.ids.push_back(Tokenizer::kCls);
    for (unsigned char byte : text.substr(0, kept)) encoding.ids.push_back(byte);
    encoding.ids.push_back(Tokenizer::kSep);
    return encoding;
  }

  absl::StatusOr<ProbabilityRows> Predict(const std::vector<const Encoding*>& batch) const override {
    return predict_(batch);
  }

  // Returns 0.7 for the label (number of tokens modulo 4) and 0.1 for the others.
  static Probabilities PredictionFor(const Encoding& encoding) {
    Probabilities row(4, 0.1f);
    row[encoding.ids.size() % 4] = 0.7f;
    return row;
  }
  static absl::StatusOr<ProbabilityRows> PredictByLength(const std::vector<const Encoding*>& batch) {
    ProbabilityRows rows;
    for (const Encoding* encoding : batch) rows.push_back(PredictionFor(*encoding));
    return rows;
  }

 private:
  ModelInfo info_;
  BatchLimits limits_;
  PredictFunction predict_;
};

}  // namespace newsgenre
