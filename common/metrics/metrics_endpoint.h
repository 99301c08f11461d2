// The page that Prometheus reads.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/metrics/collectables.h"
#include "prometheus/exposer.h"

namespace newsgenre {

// Owns an HTTP server with threads of its own that answers GET /metrics until it is destroyed.
class MetricsEndpoint {
 public:
  // `address` is HOST:PORT; port 0 takes a free one. UNAVAILABLE names an address that can't be listened on.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Start(const std::string& address,
                                                                const Collectables& collectables);

  int port() const { return exposer_->GetListeningPorts().front(); }

 private:
  MetricsEndpoint(std::unique_ptr<prometheus::Exposer> exposer, Collectables collectables)
      : collectables_(std::move(collectables)), exposer_(std::move(exposer)) {}

  const Collectables collectables_;  // which the exposer does not keep alive
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace newsgenre
