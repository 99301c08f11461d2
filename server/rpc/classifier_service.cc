#include "server/rpc/classifier_service.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "server/rpc/messages.h"

namespace newsgenre {
namespace {

// What is known of an answer before the model runs.
struct Answer {
  explicit Answer(const Job& job)
      : model(job.model),
        token_count(static_cast<int>(job.encoding.ids.size())),
        truncated(job.encoding.truncated) {}

  v1::ClassifyResponse With(const Probabilities& probabilities) const {
    const ModelInfo& info = model->info();
    v1::ClassifyResponse response;
    for (size_t i = 0; i < info.labels.size(); ++i) {
      v1::LabelProbability* entry = response.add_probabilities();
      entry->set_label(info.labels[i]);
      entry->set_probability(probabilities[i]);
    }
    const auto top = std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin();
    response.set_label(info.labels[top]);
    response.set_model_version(info.version);
    response.set_token_count(token_count);
    response.set_truncated(truncated);
    return response;
  }

  std::shared_ptr<const Model> model;
  int token_count;
  bool truncated;
};

// The results of a BatchClassify call. Whoever sets the last one answers the call. Each result is set once,
// on any thread.
class BatchResults {
 public:
  BatchResults(int size, UnaryCall* call) : call_(call), missing_(size) {
    for (int i = 0; i < size; ++i) response_.add_results();
  }

  void Set(int index, const v1::ClassifyResponse& response) {
    *response_.mutable_results(index)->mutable_response() = response;
    CountDown();
  }
  void Set(int index, const absl::Status& error) {
    const absl::Status status = ToApiStatus(error);
    v1::ItemStatus* item = response_.mutable_results(index)->mutable_status();
    item->set_code(static_cast<int>(status.code()));
    item->set_message(std::string(status.message()));
    CountDown();
  }

 private:
  void CountDown() {
    if (--missing_ == 0) call_->Reply(response_);
  }

  UnaryCall* const call_;
  v1::BatchClassifyResponse response_;
  std::atomic<int> missing_;
};

}  // namespace

grpc::ServerUnaryReactor* ClassifierService::Classify(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request,
                                                      grpc::ByteBuffer* response) {
  auto* const call = new UnaryCall(context, response, observers_.classify);
  grpc::ServerUnaryReactor* const reactor = call->reactor();
  const absl::Status status = StartClassify(*request, call);
  if (!status.ok()) call->Fail(status);
  return reactor;
}

grpc::ServerUnaryReactor* ClassifierService::BatchClassify(grpc::CallbackServerContext* context,
                                                           const grpc::ByteBuffer* request,
                                                           grpc::ByteBuffer* response) {
  auto* const call = new UnaryCall(context, response, observers_.batch_classify);
  grpc::ServerUnaryReactor* const reactor = call->reactor();
  const absl::Status status = StartBatchClassify(*request, call);
  if (!status.ok()) call->Fail(status);
  return reactor;
}

grpc::ServerUnaryReactor* ClassifierService::GetModel(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request,
                                                      grpc::ByteBuffer* response) {
  auto* const call = new UnaryCall(context, response, observers_.get_model);
  grpc::ServerUnaryReactor* const reactor = call->reactor();
  const absl::Status status = AnswerGetModel(*request, call);
  if (!status.ok()) call->Fail(status);
  return reactor;
}

absl::Status ClassifierService::StartClassify(const grpc::ByteBuffer& bytes, UnaryCall* call) {
  v1::ClassifyRequest request;
  RETURN_IF_ERROR(ParseMessage(bytes, &request));
  ASSIGN_OR_RETURN(std::shared_ptr<const Model> model, CurrentModel());
  ASSIGN_OR_RETURN(Batcher::Room room, batcher_->Reserve(1));
  std::vector<Job> jobs(1);
  ASSIGN_OR_RETURN(jobs[0], MakeJob(request, *call, std::move(model)));
  jobs[0].done = [call, answer = Answer(jobs[0])](absl::StatusOr<Probabilities> probabilities) {
    if (!probabilities.ok()) return call->Fail(probabilities.status());
    call->Reply(answer.With(*probabilities));
  };
  return batcher_->Submit(std::move(room), std::move(jobs));
}

absl::Status ClassifierService::StartBatchClassify(const grpc::ByteBuffer& bytes, UnaryCall* call) {
  v1::BatchClassifyRequest batch;
  RETURN_IF_ERROR(ParseMessage(bytes, &batch));
  RETURN_IF_ERROR(CheckBatchSize(batch.requests_size(), limits_));
  ASSIGN_OR_RETURN(const std::shared_ptr<const Model> model, CurrentModel());

  ASSIGN_OR_RETURN(Batcher::Room room, batcher_->Reserve(batch.requests_size()));

  const auto results = std::make_shared<BatchResults>(batch.requests_size(), call);
  std::vector<std::pair<int, absl::Status>> refused;
  std::vector<Job> jobs;
  for (int i = 0; i < batch.requests_size(); ++i) {
    absl::StatusOr<Job> job = MakeJob(batch.requests(i), *call, model);
    if (!job.ok()) {
      refused.emplace_back(i, job.status());
      continue;
    }
    job->done = [i, results, answer = Answer(*job)](absl::StatusOr<Probabilities> probabilities) {
      if (!probabilities.ok()) return results->Set(i, probabilities.status());
      results->Set(i, answer.With(*probabilities));
    };
    jobs.push_back(*std::move(job));
  }
  // Only now, because an error of Submit answers the whole call.
  RETURN_IF_ERROR(batcher_->Submit(std::move(room), std::move(jobs)));
  for (const auto& [index, status] : refused) results->Set(index, status);
  return absl::OkStatus();
}

absl::Status ClassifierService::AnswerGetModel(const grpc::ByteBuffer& bytes, UnaryCall* call) {
  v1::GetModelRequest request;
  RETURN_IF_ERROR(ParseMessage(bytes, &request));
  ASSIGN_OR_RETURN(const std::shared_ptr<const Model> model, CurrentModel());
  const ModelInfo& info = model->info();
  v1::GetModelResponse response;
  response.set_version(info.version);
  response.mutable_labels()->Add(info.labels.begin(), info.labels.end());
  response.mutable_limits()->set_max_text_bytes(limits_.max_text_bytes);
  response.mutable_limits()->set_max_batch_texts(limits_.max_batch_texts);
  response.mutable_limits()->set_max_tokens(info.max_tokens);
  response.mutable_metrics()->insert(info.metrics.begin(), info.metrics.end());
  response.set_device(info.device);
  response.set_precision(info.precision);
  call->Reply(response);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const Model>> ClassifierService::CurrentModel() const {
  std::shared_ptr<const Model> model = models_->Current();
  if (model == nullptr) return absl::UnavailableError("no model is loaded yet");
  return model;
}

absl::StatusOr<Job> ClassifierService::MakeJob(const v1::ClassifyRequest& request, const UnaryCall& call,
                                               std::shared_ptr<const Model> model) const {
  ASSIGN_OR_RETURN(const std::string text, RequestText(request, limits_));
  absl::StatusOr<Encoding> encoding = model->Encode(text);
  if (absl::IsInvalidArgument(encoding.status())) return NothingLeftError(request);
  RETURN_IF_ERROR(encoding.status());
  Job job;
  job.model = std::move(model);
  job.encoding = *std::move(encoding);
  job.deadline = call.deadline();
  job.cancelled = [call = &call] { return call->cancelled(); };
  return job;
}

}  // namespace newsgenre
