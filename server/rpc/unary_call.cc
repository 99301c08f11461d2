#include "server/rpc/unary_call.h"

#include <algorithm>
#include <string>

#include "common/base/json_log.h"
#include "server/rpc/messages.h"

namespace newsgenre {
namespace {

// gRPC gives a deadline on the system's clock, max() for none.
UnaryCall::Clock::time_point ToSteadyClock(std::chrono::system_clock::time_point deadline) {
  if (deadline == std::chrono::system_clock::time_point::max()) return UnaryCall::Clock::time_point::max();
  return UnaryCall::Clock::now() + (deadline - std::chrono::system_clock::now());
}

}  // namespace

UnaryCall::UnaryCall(const grpc::CallbackServerContext& context, grpc::ByteBuffer* response,
                     MethodMetrics* metrics)
    : response_(response), metrics_(metrics), deadline_(ToSteadyClock(context.deadline())) {
  metrics_->OnStart();
}

void UnaryCall::Reply(const google::protobuf::Message& message) {
  *response_ = SerializeMessage(message);
  FinishWith(absl::OkStatus());
}

void UnaryCall::Fail(const absl::Status& status) {
  const bool known = std::find(kAnswerCodes.begin(), kAnswerCodes.end(), status.code()) != kAnswerCodes.end();
  FinishWith(known ? status : absl::InternalError(std::string(status.message())));
}

void UnaryCall::FinishWith(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kInternal) {
    Log(Severity::kError, "a call failed", {{"error", std::string(status.message())}});
  }
  metrics_->OnFinish(status.code(), Clock::now() - start_);
  Finish(ToGrpcStatus(status));
}

}  // namespace newsgenre
