#include "server/rpc/classifier_service.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"

namespace newsgenre {
namespace {

// The result refers to the message's strings.
TextRequest ToTextRequest(const v1::ClassifyRequest& message) {
  return {message.text(), message.title(), message.body()};
}

v1::ClassifyResponse ToResponse(const Classification& classification) {
  const ModelInfo& info = classification.model->info();
  v1::ClassifyResponse response;
  for (size_t i = 0; i < info.labels.size(); ++i) {
    v1::LabelProbability* entry = response.add_probabilities();
    entry->set_label(info.labels[i]);
    entry->set_probability(classification.probabilities[i]);
  }
  response.set_label(info.labels[classification.label]);
  response.set_model_version(info.version);
  response.set_token_count(classification.token_count);
  response.set_truncated(classification.truncated);
  return response;
}

v1::BatchClassifyResponse ToBatchResponse(const std::vector<absl::StatusOr<Classification>>& results) {
  v1::BatchClassifyResponse response;
  for (const absl::StatusOr<Classification>& result : results) {
    v1::BatchClassifyResult* const message = response.add_results();
    if (result.ok()) {
      *message->mutable_response() = ToResponse(*result);
    } else {
      const absl::Status status = ToApiStatus(result.status());
      message->mutable_status()->set_code(static_cast<int>(status.code()));
      message->mutable_status()->set_message(std::string(status.message()));
    }
  }
  return response;
}

}  // namespace

grpc::ServerUnaryReactor* ClassifierService::Classify(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request,
                                                      grpc::ByteBuffer* response) {
  return HandleUnaryCall<v1::ClassifyRequest>(
      new UnaryCall(context, response, observers_.classify), *request,
      [this](const v1::ClassifyRequest& message, UnaryCall* call) { return StartClassify(message, call); });
}

grpc::ServerUnaryReactor* ClassifierService::BatchClassify(grpc::CallbackServerContext* context,
                                                           const grpc::ByteBuffer* request,
                                                           grpc::ByteBuffer* response) {
  return HandleUnaryCall<v1::BatchClassifyRequest>(
      new UnaryCall(context, response, observers_.batch_classify), *request,
      [this](const v1::BatchClassifyRequest& message, UnaryCall* call) {
        return StartBatchClassify(message, call);
      });
}

grpc::ServerUnaryReactor* ClassifierService::GetModel(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request,
                                                      grpc::ByteBuffer* response) {
  return HandleUnaryCall<v1::GetModelRequest>(
      new UnaryCall(context, response, observers_.get_model), *request,
      [this](const v1::GetModelRequest&, UnaryCall* call) { return ReplyWithModel(call); });
}

absl::Status ClassifierService::StartClassify(const v1::ClassifyRequest& request, UnaryCall* call) const {
  return classifier_->Classify(ToTextRequest(request), call->context(),
                               [call](const absl::StatusOr<Classification>& result) {
                                 if (!result.ok()) return call->Fail(result.status());
                                 call->Reply(ToResponse(*result));
                               });
}

absl::Status ClassifierService::StartBatchClassify(const v1::BatchClassifyRequest& request,
                                                   UnaryCall* call) const {
  RETURN_IF_ERROR(CheckBatchSize("requests", request.requests_size(), classifier_->limits()));
  std::vector<TextRequest> texts;
  texts.reserve(request.requests_size());
  for (const v1::ClassifyRequest& text : request.requests()) texts.push_back(ToTextRequest(text));
  return classifier_->ClassifyBatch(texts, call->context(),
                                    [call](const std::vector<absl::StatusOr<Classification>>& results) {
                                      call->Reply(ToBatchResponse(results));
                                    });
}

absl::Status ClassifierService::ReplyWithModel(UnaryCall* call) const {
  ASSIGN_OR_RETURN(const std::shared_ptr<const Model> model, classifier_->CurrentModel());
  const ModelInfo& info = model->info();
  const RequestLimits& limits = classifier_->limits();
  v1::GetModelResponse response;
  response.set_version(info.version);
  response.mutable_labels()->Add(info.labels.begin(), info.labels.end());
  response.mutable_limits()->set_max_text_bytes(limits.max_text_bytes);
  response.mutable_limits()->set_max_batch_texts(limits.max_batch_texts);
  response.mutable_limits()->set_max_tokens(info.max_tokens);
  response.mutable_metrics()->insert(info.metrics.begin(), info.metrics.end());
  response.set_device(info.device);
  response.set_precision(info.precision);
  call->Reply(response);
  return absl::OkStatus();
}

}  // namespace newsgenre
