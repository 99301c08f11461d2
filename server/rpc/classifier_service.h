// The newsgenre.v1.ClassifierService, as declared in proto/newsgenre/v1/classifier.proto.
#pragma once

#include "absl/status/status.h"
#include "newsgenre/v1/classifier.grpc.pb.h"
#include "server/rpc/call_observer.h"
#include "server/rpc/text_classifier.h"
#include "server/rpc/unary_call.h"

namespace newsgenre {

// Translates between the protocol's messages and TextClassifier. gRPC's threads call the methods, which
// check, encode and submit the texts; the batcher's reply threads answer. Thread-safe.
//
// Receives requests as bytes and parses them itself, because gRPC would answer a malformed message with
// UNIMPLEMENTED.
class ClassifierService final
    : public v1::ClassifierService::WithRawCallbackMethod_Classify<
          v1::ClassifierService::WithRawCallbackMethod_BatchClassify<
              v1::ClassifierService::WithRawCallbackMethod_GetModel<v1::ClassifierService::Service>>> {
 public:
  // The observers of each method's calls.
  struct Observers {
    CallObserver* classify;
    CallObserver* batch_classify;
    CallObserver* get_model;
  };

  // `classifier` and the observers must outlive the service and its calls.
  ClassifierService(const TextClassifier* classifier, const Observers& observers)
      : classifier_(classifier), observers_(observers) {}

  grpc::ServerUnaryReactor* Classify(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* BatchClassify(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;

 private:
  // Each of these replies to `call`, now or later, if and only if it returns OK.
  absl::Status StartClassify(const v1::ClassifyRequest& request, UnaryCall* call) const;
  absl::Status StartBatchClassify(const v1::BatchClassifyRequest& request, UnaryCall* call) const;
  absl::Status ReplyWithModel(UnaryCall* call) const;

  const TextClassifier* const classifier_;
  const Observers observers_;
};

}  // namespace newsgenre
