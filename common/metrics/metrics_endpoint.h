// The HTTP endpoint that Prometheus scrapes.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/metrics/collectables.h"
#include "prometheus/exposer.h"

namespace newsgenre {

// Owns an HTTP server and its threads. Serves GET /metrics until it is destroyed.
class MetricsEndpoint {
 public:
  // Starts serving `collectables` on `address` (HOST:PORT; port 0 selects a free port). Returns UNAVAILABLE
  // if it cannot listen on the address.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Start(const std::string& address,
                                                                const Collectables& collectables);

  // Returns the port in use, which differs from the requested one if that is 0.
  int port() const { return exposer_->GetListeningPorts().front(); }

 private:
  MetricsEndpoint(std::unique_ptr<prometheus::Exposer> exposer, Collectables collectables)
      : collectables_(std::move(collectables)), exposer_(std::move(exposer)) {}

  const Collectables collectables_;  // owned here because the exposer holds weak references only
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace newsgenre
