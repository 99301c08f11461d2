#include "server/client/classify_all.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "grpcpp/alarm.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"
#include "server/client/connection.h"

namespace newsgenre {
namespace {

using Clock = std::chrono::system_clock;  // the clock of gRPC's deadlines
constexpr std::chrono::milliseconds kMaxBackoff{2000};

bool IsRetryable(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED ||
         status.error_code() == grpc::StatusCode::UNAVAILABLE;
}

// The calls for one text: the first one, and a retry after each pause. Its address is its tag in the
// completion queue.
class RetryingCall {
 public:
  RetryingCall(size_t index, v1::ClassifyRequest request, const CallOptions& options)
      : index_(index),
        request_(std::move(request)),
        options_(options),
        deadline_(Clock::now() + options.timeout) {}

  void Send(v1::ClassifierService::StubInterface* stub, grpc::CompletionQueue* queue) {
    ++attempts_;
    pausing_ = false;
    context_ = std::make_unique<grpc::ClientContext>();
    context_->set_deadline(deadline_);
    reader_ = stub->AsyncClassify(context_.get(), request_, queue);
    reader_->Finish(&response_, &status_, this);
  }

  // Continues after the queue has returned this tag. Returns true if the text has its final result.
  bool Advance(v1::ClassifierService::StubInterface* stub, grpc::CompletionQueue* queue) {
    if (pausing_) {
      Send(stub, queue);
      return false;
    }
    const auto retry_at = Clock::now() + RetryDelay(attempts_, index_, options_.first_backoff);
    if (!IsRetryable(status_) || retry_at >= deadline_) return true;
    pausing_ = true;
    alarm_.Set(queue, retry_at, this);
    return false;
  }

  // Cancels the call or the pause. The queue then returns the tag soon.
  void Cancel() {
    if (pausing_) return alarm_.Cancel();
    context_->TryCancel();
  }

  absl::StatusOr<v1::ClassifyResponse> TakeResult() {
    if (status_.ok()) return std::move(response_);
    const absl::Status error = ToAbslStatus(status_);
    if (attempts_ == 1) return error;
    return absl::Status(error.code(),
                        std::string(error.message()) + " (after " + std::to_string(attempts_) + " attempts)");
  }

  size_t index() const { return index_; }

 private:
  const size_t index_;
  const v1::ClassifyRequest request_;
  const CallOptions& options_;
  const Clock::time_point deadline_;
  int attempts_ = 0;
  bool pausing_ = false;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientAsyncResponseReaderInterface<v1::ClassifyResponse>> reader_;
  v1::ClassifyResponse response_;
  grpc::Status status_;
  grpc::Alarm alarm_;
};

}  // namespace

std::chrono::milliseconds RetryDelay(int attempt, size_t index, std::chrono::milliseconds first_backoff) {
  auto backoff = first_backoff;
  for (int i = 1; i < attempt && backoff < kMaxBackoff; ++i) backoff *= 2;
  constexpr int kSteps = 16;
  const int step = static_cast<int>(index % kSteps);
  return std::min(backoff, kMaxBackoff) * (kSteps + step) / (2 * kSteps);
}

absl::Status ClassifyAll(v1::ClassifierService::StubInterface* stub, size_t count,
                         const std::function<v1::ClassifyRequest(size_t index)>& make_request,
                         const CallOptions& options, const ResultCallback& on_result) {
  grpc::CompletionQueue queue;
  std::map<size_t, std::unique_ptr<RetryingCall>> in_flight;  // keyed by text index
  const auto may_send = [&](size_t index) {
    if (index >= count || in_flight.size() >= options.max_in_flight) return false;
    return in_flight.empty() || index - in_flight.begin()->first <= options.max_ahead;
  };
  absl::Status status;
  void* tag;
  bool ok;
  for (size_t next = 0; status.ok() && (next < count || !in_flight.empty());) {
    if (may_send(next)) {
      auto& call = in_flight[next] = std::make_unique<RetryingCall>(next, make_request(next), options);
      call->Send(stub, &queue);
      ++next;
      continue;
    }
    queue.Next(&tag, &ok);
    auto* call = static_cast<RetryingCall*>(tag);
    if (!call->Advance(stub, &queue)) continue;
    status = on_result(call->index(), call->TakeResult());
    in_flight.erase(call->index());
  }
  for (const auto& [index, call] : in_flight) call->Cancel();
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) continue;
  return status;
}

}  // namespace newsgenre
