// Prometheus's standard metrics of the process, read from /proc at each scrape.
#pragma once

#include <vector>

#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"

namespace newsgenre {

// Collects process_cpu_seconds_total, process_resident_memory_bytes, process_start_time_seconds,
// process_open_fds and process_max_fds
// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics). Omits values that cannot be
// read. Thread-safe.
class ProcessMetrics : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace newsgenre
