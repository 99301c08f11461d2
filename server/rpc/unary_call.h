// The life of one call of a unary gRPC method.
#pragma once

#include <chrono>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "server/rpc/call_context.h"
#include "server/rpc/call_observer.h"
#include "server/rpc/messages.h"

namespace newsgenre {

// Returns the status to send to the caller: `status`, or INTERNAL with its message if its code is not in
// kApiStatusCodes. Logs `status` if the result is INTERNAL.
absl::Status ToApiStatus(const absl::Status& status);

// Answers and measures one call. Deletes itself: Reply or Fail must be called exactly once, on any thread,
// and ends the object's life.
class UnaryCall {
 public:
  using Clock = std::chrono::steady_clock;

  // Takes the handler's arguments. `observer` must outlive the call.
  UnaryCall(grpc::CallbackServerContext* context, grpc::ByteBuffer* response, CallObserver* observer);

  // Ends the call with OK and `message`, or with CANCELLED if the caller has cancelled it.
  void Reply(const google::protobuf::Message& message);
  // Ends the call with ToApiStatus(status).
  void Fail(const absl::Status& status) { FinishWith(ToApiStatus(status)); }

  // Returns what the handler must return to gRPC. Must be called before the call can end. This is gRPC's
  // default reactor, because gRPC runs its reactions inline; it runs those of other reactors on extra
  // threads.
  grpc::ServerUnaryReactor* reactor() const { return reactor_; }

  // The caller's deadline; time_point::max() if there is none.
  Clock::time_point deadline() const { return deadline_; }
  // Returns whether the caller has cancelled the call. Thread-safe.
  bool cancelled() const { return context_->IsCancelled(); }
  // Returns the deadline and a cancellation check, which refers to this object.
  CallContext context() const {
    return {deadline_, [this] { return cancelled(); }};
  }

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

// Handles a unary method: parses `bytes` as a Request and calls start(request, call), which returns OK if it
// has replied or will reply later. Fails the call if the bytes are not a Request or `start` returns an error.
// Returns what the method must return to gRPC.
template <typename Request, typename Start>
grpc::ServerUnaryReactor* HandleUnaryCall(UnaryCall* call, const grpc::ByteBuffer& bytes,
                                          const Start& start) {
  grpc::ServerUnaryReactor* const reactor = call->reactor();
  Request request;
  absl::Status status = ParseMessage(bytes, &request);
  if (status.ok()) status = start(request, call);
  if (!status.ok()) call->Fail(status);
  return reactor;
}

}  // namespace newsgenre
