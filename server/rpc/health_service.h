// grpc.health.v1.Health, for the whole server and for newsgenre.v1.ClassifierService.
#pragma once

#include <memory>
#include <set>

#include "common/base/mutex.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace newsgenre {

// Reports NOT_SERVING until SetServing is called. Thread-safe. Replaces gRPC's own health service, which
// reports SERVING as soon as the server listens.
class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  using Status = grpc::health::v1::HealthCheckResponse::ServingStatus;

  HealthService();
  ~HealthService() override;

  // Reports SERVING from now on. Has no effect after Stop.
  void SetServing() ABSL_LOCKS_EXCLUDED(mutex_);
  // Reports NOT_SERVING for good. Sends that status to every Watch call and ends it with UNAVAILABLE, so that
  // no Watch call delays the server's shutdown.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  grpc::health::v1::HealthCheckResponse* response) override;
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context, const grpc::health::v1::HealthCheckRequest* request) override;

 private:
  class Watcher;

  void Change(Status status, bool stop) ABSL_LOCKS_EXCLUDED(mutex_);

  Mutex mutex_;
  Status status_ ABSL_GUARDED_BY(mutex_) = grpc::health::v1::HealthCheckResponse::NOT_SERVING;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<std::shared_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace newsgenre
