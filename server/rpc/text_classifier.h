// Classification of texts for any protocol: from a request's fields to a result.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/text/probabilities.h"
#include "server/batching/batcher.h"
#include "server/models/model_store.h"
#include "server/rpc/call_context.h"
#include "server/rpc/request_checks.h"

namespace newsgenre {

// The result for one text.
struct Classification {
  std::shared_ptr<const Model> model;  // the model that classified the text
  Probabilities probabilities;         // one per label, in the model's label order
  int label = 0;                       // the index of the highest probability
  int token_count = 0;                 // tokens that the model read, including [CLS] and [SEP]
  bool truncated = false;              // whether the text was longer than the model's limit
};

// Checks requests, encodes their texts and submits them to the batcher. Services translate their protocol's
// messages to and from the types used here. Thread-safe.
class TextClassifier {
 public:
  using Callback = std::function<void(absl::StatusOr<Classification>)>;
  using BatchCallback = std::function<void(std::vector<absl::StatusOr<Classification>>)>;

  // `models` and `batcher` must outlive this object and all of its calls.
  TextClassifier(const RequestLimits& limits, const ModelStore* models, Batcher* batcher)
      : limits_(limits), models_(models), batcher_(batcher) {}

  const RequestLimits& limits() const { return limits_; }

  // Returns the model that serves now, or UNAVAILABLE if no model is loaded yet.
  absl::StatusOr<std::shared_ptr<const Model>> CurrentModel() const;

  // Starts the classification of one text. If it returns OK, `done` will receive the result or the error on a
  // reply thread, exactly once; `done` must neither throw nor block. Otherwise `done` is never called.
  // Returns INVALID_ARGUMENT for a bad request, UNAVAILABLE without a model or while the server stops, and
  // RESOURCE_EXHAUSTED if the queue is full.
  absl::Status Classify(const TextRequest& request, const CallContext& call, Callback done) const;

  // Starts the classification of several texts. A bad request does not fail the others: its result is its
  // error. `done` receives one result per request, in their order. If no request is valid, it is called
  // before this returns; otherwise it is called as in Classify. Returns UNAVAILABLE without a model or while
  // the server stops, and RESOURCE_EXHAUSTED if the queue cannot take all texts.
  absl::Status ClassifyBatch(const std::vector<TextRequest>& requests, const CallContext& call,
                             BatchCallback done) const;

 private:
  absl::StatusOr<Job> MakeJob(const TextRequest& request, const CallContext& call,
                              std::shared_ptr<const Model> model, Callback done) const;

  const RequestLimits limits_;
  const ModelStore* const models_;
  Batcher* const batcher_;
};

}  // namespace newsgenre
