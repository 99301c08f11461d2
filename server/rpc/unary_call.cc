#include "server/rpc/unary_call.h"

#include <algorithm>
#include <string>

#include "common/base/json_log.h"
#include "server/rpc/messages.h"

namespace newsgenre {
namespace {

// Replaces gRPC's own conversion to nanoseconds, which overflows for deadlines centuries ahead. Such
// deadlines mean "never".
UnaryCall::Clock::time_point ToSteadyClock(gpr_timespec deadline) {
  constexpr std::chrono::hours kNever{24 * 365};
  const gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
  if (left.tv_sec >= std::chrono::seconds(kNever).count()) return UnaryCall::Clock::time_point::max();
  return UnaryCall::Clock::now() + std::chrono::seconds(left.tv_sec) + std::chrono::nanoseconds(left.tv_nsec);
}

}  // namespace

absl::Status ToApiStatus(const absl::Status& status) {
  const bool known =
      std::find(kApiStatusCodes.begin(), kApiStatusCodes.end(), status.code()) != kApiStatusCodes.end();
  if (known && status.code() != absl::StatusCode::kInternal) return status;
  Log(Severity::kError, "can't classify a text", {{"error", status.ToString()}});
  return absl::InternalError(std::string(status.message()));
}

UnaryCall::UnaryCall(grpc::CallbackServerContext* context, grpc::ByteBuffer* response, CallObserver* observer)
    : context_(context),
      reactor_(context->DefaultReactor()),
      response_(response),
      observer_(observer),
      deadline_(ToSteadyClock(context->raw_deadline())) {
  observer_->OnStart();
}

void UnaryCall::Reply(const google::protobuf::Message& message) {
  *response_ = SerializeMessage(message);
  FinishWith(cancelled() ? absl::CancelledError("the caller cancelled the call") : absl::OkStatus());
}

void UnaryCall::FinishWith(const absl::Status& status) {
  observer_->OnFinish(status.code(), Clock::now() - start_);
  reactor_->Finish(ToGrpcStatus(status));
  delete this;
}

}  // namespace newsgenre
