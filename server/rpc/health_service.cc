#include "server/rpc/health_service.h"

#include <memory>
#include <optional>
#include <string>

namespace newsgenre {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

bool IsKnown(const std::string& service) {
  return service.empty() || service == "newsgenre.v1.ClassifierService";
}

}  // namespace

// One Watch call. Always writes the service's current status, so the order of notifications does not matter.
// At most one gRPC operation runs at a time; it is chosen with the service's mutex held and started without.
class HealthService::Watcher : public grpc::ServerWriteReactor<HealthCheckResponse>,
                               public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(HealthService* service, bool known) : service_(service), known_(known) {}

  // Starts a write if the status differs from the last one sent, or ends the call if the service has stopped.
  // Does nothing while an operation runs.
  void WriteIfChanged() {
    const Step step = NextStep();
    if (step == Step::kWrite) StartWrite(&message_);
    if (step == Step::kFinish) Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server is stopping"));
  }

 private:
  enum class Step { kNone, kWrite, kFinish };

  Step NextStep() {
    MutexLock lock(&service_->mutex_);
    if (busy_) return Step::kNone;
    const Status status = known_ ? service_->status_ : HealthCheckResponse::SERVICE_UNKNOWN;
    const bool changed = last_sent_ != status && !cancelled_;
    if (!changed && !cancelled_ && !service_->stopped_) return Step::kNone;
    busy_ = true;
    if (!changed) return Step::kFinish;
    last_sent_ = status;
    message_.set_status(status);
    return Step::kWrite;
  }

  void OnWriteDone(bool ok) override {
    {
      MutexLock lock(&service_->mutex_);
      busy_ = false;
      if (!ok) cancelled_ = true;
    }
    WriteIfChanged();
  }
  void OnCancel() override {
    {
      MutexLock lock(&service_->mutex_);
      cancelled_ = true;
    }
    WriteIfChanged();
  }
  // gRPC no longer uses this object.
  void OnDone() override {
    const std::shared_ptr<Watcher> self = shared_from_this();  // keeps this alive until the lock is released
    MutexLock lock(&service_->mutex_);
    service_->watchers_.erase(self);
  }

  HealthService* const service_;
  const bool known_;
  // The service's mutex guards the fields below. While busy_ is true, gRPC reads message_.
  std::optional<Status> last_sent_;
  bool cancelled_ = false;  // by the caller
  bool busy_ = false;       // a write runs, or the call has ended
  HealthCheckResponse message_;
};

HealthService::HealthService() = default;
HealthService::~HealthService() = default;

void HealthService::SetServing() { Change(HealthCheckResponse::SERVING, false); }

void HealthService::Stop() { Change(HealthCheckResponse::NOT_SERVING, true); }

void HealthService::Change(Status status, bool stop) {
  std::set<std::shared_ptr<Watcher>> watchers;
  {
    MutexLock lock(&mutex_);
    if (stopped_) return;
    status_ = status;
    stopped_ = stop;
    watchers = watchers_;
  }
  for (const std::shared_ptr<Watcher>& watcher : watchers) watcher->WriteIfChanged();
}

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context,
                                               const HealthCheckRequest* request,
                                               HealthCheckResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (!IsKnown(request->service())) {
    reactor->Finish(
        grpc::Status(grpc::StatusCode::NOT_FOUND, "no service is named '" + request->service() + "'"));
    return reactor;
  }
  {
    MutexLock lock(&mutex_);
    response->set_status(status_);
  }
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(grpc::CallbackServerContext* context,
                                                                    const HealthCheckRequest* request) {
  const auto watcher = std::make_shared<Watcher>(this, IsKnown(request->service()));
  {
    MutexLock lock(&mutex_);
    watchers_.insert(watcher);
  }
  watcher->WriteIfChanged();
  return watcher.get();
}

}  // namespace newsgenre
