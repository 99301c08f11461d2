// The process's own series, by Prometheus's standard names, read from /proc at each scrape.
#pragma once

#include <vector>

#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"

namespace newsgenre {

// process_cpu_seconds_total, process_resident_memory_bytes, process_start_time_seconds, process_open_fds,
// process_max_fds (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics). What can't
// be read is left out. Any thread.
class ProcessMetrics : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace newsgenre
