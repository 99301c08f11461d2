// One call of a unary method.
#pragma once

#include <chrono>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "server/rpc/call_observer.h"

namespace newsgenre {

// `status` as a caller gets it: a code that this API does not answer with becomes INTERNAL, and INTERNAL is
// logged.
absl::Status ToApiStatus(const absl::Status& status);

// Measures the call, and answers it: Reply or Fail is called exactly once, on any thread, and ends this
// object's life.
class UnaryCall {
 public:
  using Clock = std::chrono::steady_clock;

  // The handler's arguments; `observer` outlives the call.
  UnaryCall(grpc::CallbackServerContext* context, grpc::ByteBuffer* response, CallObserver* observer);

  // OK, or CANCELLED where the caller has gone.
  void Reply(const google::protobuf::Message& message);
  void Fail(const absl::Status& status) { FinishWith(ToApiStatus(status)); }

  // What the handler returns, asked for before the call can end. It is gRPC's own: that one's reactions run
  // where they occur, those of others on threads for the purpose.
  grpc::ServerUnaryReactor* reactor() const { return reactor_; }

  // When the caller gives up; max() where it never does.
  Clock::time_point deadline() const { return deadline_; }
  // Whether the caller has gone. Any thread.
  bool cancelled() const { return context_->IsCancelled(); }

 private:
  ~UnaryCall() = default;
  void FinishWith(const absl::Status& status);

  grpc::CallbackServerContext* const context_;
  grpc::ServerUnaryReactor* const reactor_;
  grpc::ByteBuffer* const response_;
  CallObserver* const observer_;
  const Clock::time_point start_ = Clock::now();
  const Clock::time_point deadline_;
};

}  // namespace newsgenre
