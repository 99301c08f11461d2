#include "common/metrics/process_metrics.h"

#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "tests/support/metrics_text.h"

namespace newsgenre {
namespace {

double Series(const std::string& series) {
  return SeriesValue(MetricsText({std::make_shared<ProcessMetrics>()}), series);
}

TEST(ProcessMetricsTest, CollectsTheStandardSeries) {
  EXPECT_GE(Series("process_cpu_seconds_total"), 0);
  EXPECT_GT(Series("process_resident_memory_bytes"), 1e6);
  EXPECT_LT(Series("process_resident_memory_bytes"), 1e11);
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_NEAR(Series("process_start_time_seconds"), now, 3600);
  EXPECT_GT(Series("process_max_fds"), 0);
  const double before = Series("process_open_fds");
  const int fd = dup(0);
  EXPECT_EQ(Series("process_open_fds"), before + 1);
  close(fd);
}

}  // namespace
}  // namespace newsgenre
