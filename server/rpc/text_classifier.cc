#include "server/rpc/text_classifier.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

#include "common/base/status_macros.h"

namespace newsgenre {
namespace {

// Collects the results of a batch and passes them on when the last one is set. Each result is set exactly
// once, on any thread.
class BatchResults {
 public:
  BatchResults(size_t size, TextClassifier::BatchCallback done)
      : done_(std::move(done)), results_(size), missing_(size) {}

  void Set(size_t index, absl::StatusOr<Classification> result) {
    results_[index] = std::move(result);
    if (--missing_ == 0) done_(std::move(results_));
  }

 private:
  const TextClassifier::BatchCallback done_;
  std::vector<absl::StatusOr<Classification>> results_;
  std::atomic<size_t> missing_;
};

// Returns a Job::done that completes `result` with the probabilities and passes it to `done`.
std::function<void(absl::StatusOr<Probabilities>)> CompleteWith(Classification result,
                                                                TextClassifier::Callback done) {
  return [result = std::move(result),
          done = std::move(done)](absl::StatusOr<Probabilities> probabilities) mutable {
    if (!probabilities.ok()) return done(probabilities.status());
    const auto top = std::max_element(probabilities->begin(), probabilities->end());
    result.label = static_cast<int>(top - probabilities->begin());
    result.probabilities = *std::move(probabilities);
    done(std::move(result));
  };
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Model>> TextClassifier::CurrentModel() const {
  std::shared_ptr<const Model> model = models_->Current();
  if (model == nullptr) return absl::UnavailableError("no model is loaded yet");
  return model;
}

absl::Status TextClassifier::Classify(const TextRequest& request, const CallContext& call,
                                      Callback done) const {
  ASSIGN_OR_RETURN(std::shared_ptr<const Model> model, CurrentModel());
  ASSIGN_OR_RETURN(Batcher::QueueReservation reservation, batcher_->Reserve(1));
  std::vector<Job> jobs(1);
  ASSIGN_OR_RETURN(jobs[0], MakeJob(request, call, std::move(model), std::move(done)));
  return batcher_->Submit(std::move(reservation), std::move(jobs));
}

absl::Status TextClassifier::ClassifyBatch(const std::vector<TextRequest>& requests, const CallContext& call,
                                           BatchCallback done) const {
  ASSIGN_OR_RETURN(const std::shared_ptr<const Model> model, CurrentModel());
  if (requests.empty()) {
    done({});
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(Batcher::QueueReservation reservation,
                   batcher_->Reserve(static_cast<int64_t>(requests.size())));
  const auto results = std::make_shared<BatchResults>(requests.size(), std::move(done));
  std::vector<std::pair<size_t, absl::Status>> refused;
  std::vector<Job> jobs;
  for (size_t i = 0; i < requests.size(); ++i) {
    absl::StatusOr<Job> job =
        MakeJob(requests[i], call, model,
                [i, results](absl::StatusOr<Classification> result) { results->Set(i, std::move(result)); });
    if (job.ok()) {
      jobs.push_back(*std::move(job));
    } else {
      refused.emplace_back(i, job.status());
    }
  }
  // `done` must not be called if Submit fails, so the refused requests are reported only after it.
  RETURN_IF_ERROR(batcher_->Submit(std::move(reservation), std::move(jobs)));
  for (auto& [index, status] : refused) results->Set(index, std::move(status));
  return absl::OkStatus();
}

absl::StatusOr<Job> TextClassifier::MakeJob(const TextRequest& request, const CallContext& call,
                                            std::shared_ptr<const Model> model, Callback done) const {
  ASSIGN_OR_RETURN(const std::string text, RequestText(request, limits_));
  absl::StatusOr<Encoding> encoding = model->Encode(text);
  if (absl::IsInvalidArgument(encoding.status())) return NoTokensError(request);
  RETURN_IF_ERROR(encoding.status());
  Classification result;
  result.model = model;
  result.token_count = static_cast<int>(encoding->ids.size());
  result.truncated = encoding->truncated;
  Job job;
  job.model = std::move(model);
  job.encoding = *std::move(encoding);
  job.deadline = call.deadline;
  job.cancelled = call.cancelled;
  job.done = CompleteWith(std::move(result), std::move(done));
  return job;
}

}  // namespace newsgenre
