// One call of a unary method.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "server/rpc/call_observer.h"

namespace newsgenre {

// `status` as a caller gets it: a code that this API does not answer with becomes INTERNAL, and INTERNAL is
// logged.
absl::Status ToAnswer(const absl::Status& status);

// Measures the call, and answers it: Reply or Fail is called exactly once, on any thread, and ends this
// object's life as far as the caller is concerned (gRPC deletes it soon after).
class UnaryCall : public grpc::ServerUnaryReactor {
 public:
  using Clock = std::chrono::steady_clock;

  // `observer` outlives the call; `response` is the handler's argument.
  UnaryCall(const grpc::CallbackServerContext& context, grpc::ByteBuffer* response, CallObserver* observer);

  // OK, or CANCELLED where the caller has gone.
  void Reply(const google::protobuf::Message& message);
  void Fail(const absl::Status& status) { FinishWith(ToAnswer(status)); }

  // When the caller gives up; max() where it never does.
  Clock::time_point deadline() const { return deadline_; }
  // Set once the caller has gone.
  std::shared_ptr<const std::atomic<bool>> cancelled() const { return cancelled_; }

 private:
  void OnCancel() override { *cancelled_ = true; }
  void OnDone() override { delete this; }
  void FinishWith(const absl::Status& status);

  grpc::ByteBuffer* const response_;
  CallObserver* const observer_;
  const Clock::time_point start_ = Clock::now();
  const Clock::time_point deadline_;
  const std::shared_ptr<std::atomic<bool>> cancelled_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace newsgenre
