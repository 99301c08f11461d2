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

// One Watch call. It tells what the service says now, not what it was poked for, so that pokes may overtake
// each other. One operation of gRPC is under way at a time; each is chosen under the service's mutex and
// started outside of it.
class HealthService::Watcher : public grpc::ServerWriteReactor<HealthCheckResponse>,
                               public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(HealthService* service, bool known) : service_(service), known_(known) {}

  // Starts what is to be done next, where nothing is under way.
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
    const bool news = last_sent_ != status && !cancelled_;
    if (!news && !cancelled_ && !service_->stopped_) return Step::kNone;
    busy_ = true;
    if (!news) return Step::kFinish;
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
  // The last that gRPC does with this.
  void OnDone() override {
    const std::shared_ptr<Watcher> self = shared_from_this();  // outlives the lock
    MutexLock lock(&service_->mutex_);
    service_->watchers_.erase(self);
  }

  HealthService* const service_;
  const bool known_;
  // The service's mutex guards these; while busy_, message_ is gRPC's.
  std::optional<Status> last_sent_;
  bool cancelled_ = false;  // the caller
  bool busy_ = false;       // a write is under way, or the call is finished
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
