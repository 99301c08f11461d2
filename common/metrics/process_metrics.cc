#include "common/metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

namespace newsgenre {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily Family(const std::string& name, const std::string& help, MetricType type, double value) {
  prometheus::ClientMetric metric;
  if (type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return {name, help, type, {metric}};
}

struct ProcessStat {
  double cpu_seconds = 0;
  double start_seconds = 0;  // since boot
  double resident_bytes = 0;
};

// Reads /proc/self/stat (see proc(5)). Fields 14 and 15 are the user and system time and field 22 is the
// start time, in clock ticks; field 24 is the resident set in pages. Field 2, the program's name in
// parentheses, can contain any character, so parsing starts after the last ')'.
std::optional<ProcessStat> ReadStat() {
  std::ifstream file("/proc/self/stat");
  const std::string line{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(name_end + 1));
  const std::vector<std::string> fields{std::istream_iterator<std::string>(rest),
                                        std::istream_iterator<std::string>()};
  constexpr size_t kFirst = 3;  // field number of fields[0]
  if (fields.size() <= 24 - kFirst) return std::nullopt;
  const auto field = [&](size_t number) { return static_cast<double>(std::stoull(fields[number - kFirst])); };
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  return ProcessStat{(field(14) + field(15)) / ticks, field(22) / ticks,
                     field(24) * static_cast<double>(sysconf(_SC_PAGESIZE))};
}

// Returns the boot time in seconds since 1970.
std::optional<double> ReadBootTime() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("btime ", 0) == 0) return static_cast<double>(std::stoull(line.substr(6)));
  }
  return std::nullopt;
}

std::optional<double> CountOpenFiles() {
  std::error_code error;
  const std::filesystem::directory_iterator entries("/proc/self/fd", error);
  if (error) return std::nullopt;
  // Excludes the descriptor that lists the folder.
  return static_cast<double>(std::distance(begin(entries), end(entries)) - 1);
}

}  // namespace

std::vector<MetricFamily> ProcessMetrics::Collect() const {
  std::vector<MetricFamily> families;
  if (const std::optional<ProcessStat> stat = ReadStat()) {
    families.push_back(Family("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
                              MetricType::Counter, stat->cpu_seconds));
    families.push_back(Family("process_resident_memory_bytes", "Resident memory size in bytes.",
                              MetricType::Gauge, stat->resident_bytes));
    if (const std::optional<double> boot = ReadBootTime()) {
      families.push_back(Family("process_start_time_seconds",
                                "Start time of the process since Unix epoch in seconds.", MetricType::Gauge,
                                *boot + stat->start_seconds));
    }
  }
  if (const std::optional<double> open = CountOpenFiles()) {
    families.push_back(
        Family("process_open_fds", "Number of open file descriptors.", MetricType::Gauge, *open));
  }
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    families.push_back(Family("process_max_fds", "Maximum number of open file descriptors.",
                              MetricType::Gauge, static_cast<double>(limit.rlim_cur)));
  }
  return families;
}

}  // namespace newsgenre
