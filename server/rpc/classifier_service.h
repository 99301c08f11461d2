// newsgenre.v1.ClassifierService.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "newsgenre/v1/classifier.grpc.pb.h"
#include "server/batching/batcher.h"
#include "server/models/model_store.h"
#include "server/rpc/call_observer.h"
#include "server/rpc/request_checks.h"
#include "server/rpc/unary_call.h"

namespace newsgenre {

// Takes raw bytes and parses them itself: gRPC would answer a malformed message with UNIMPLEMENTED. gRPC's
// threads call it; it checks, encodes and submits, and the batcher's threads answer.
class ClassifierService final
    : public v1::ClassifierService::WithRawCallbackMethod_Classify<
          v1::ClassifierService::WithRawCallbackMethod_BatchClassify<
              v1::ClassifierService::WithRawCallbackMethod_GetModel<v1::ClassifierService::Service>>> {
 public:
  // One for each method.
  struct Observers {
    CallObserver* classify;
    CallObserver* batch_classify;
    CallObserver* get_model;
  };

  // All of them outlive the service and its calls.
  ClassifierService(const RequestLimits& limits, const ModelStore* models, Batcher* batcher,
                    const Observers& observers)
      : limits_(limits), models_(models), batcher_(batcher), observers_(observers) {}

  grpc::ServerUnaryReactor* Classify(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* BatchClassify(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;

 private:
  // An error of these three means that the call is still to be answered.
  absl::Status StartClassify(const grpc::ByteBuffer& bytes, UnaryCall* call);
  absl::Status StartBatchClassify(const grpc::ByteBuffer& bytes, UnaryCall* call);
  absl::Status AnswerGetModel(const grpc::ByteBuffer& bytes, UnaryCall* call);

  absl::StatusOr<std::shared_ptr<const Model>> CurrentModel() const;
  // Everything of the job but `done`.
  absl::StatusOr<Job> MakeJob(const v1::ClassifyRequest& request, const UnaryCall& call,
                              std::shared_ptr<const Model> model) const;

  const RequestLimits limits_;
  const ModelStore* const models_;
  Batcher* const batcher_;
  const Observers observers_;
};

}  // namespace newsgenre
