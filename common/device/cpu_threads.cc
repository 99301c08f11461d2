#include "common/device/cpu_threads.h"

#include <ATen/Parallel.h>
#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>

#include "common/base/status_macros.h"

namespace newsgenre {
namespace {

namespace fs = std::filesystem;

constexpr int kNoQuota = std::numeric_limits<int>::max();

std::string FirstLine(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Parses a quota and its period in microseconds, as in cpu.max. "max" or -1 means no quota.
int ParseQuota(const std::string& quota_and_period) {
  std::istringstream fields(quota_and_period);
  int64_t quota = 0;
  int64_t period = 0;
  if (!(fields >> quota >> period) || quota <= 0 || period <= 0) return kNoQuota;
  return static_cast<int>(std::min<int64_t>((quota - 1) / period + 1, kNoQuota));
}

int GroupQuota(const fs::path& group) {
  const std::string version_1 =
      FirstLine(group / "cpu.cfs_quota_us") + " " + FirstLine(group / "cpu.cfs_period_us");
  return std::min(ParseQuota(FirstLine(group / "cpu.max")), ParseQuota(version_1));
}

}  // namespace

int CpuQuota(const std::string& root, const std::string& membership) {
  int cpus = kNoQuota;
  std::istringstream lines(membership);
  // A line is ID:CONTROLLERS:PATH. Its CONTROLLERS are empty for version 2.
  for (std::string id, controllers, path;
       std::getline(lines, id, ':') && std::getline(lines, controllers, ':') && std::getline(lines, path);) {
    const bool version_2 = controllers.empty();
    if (!version_2 && ("," + controllers + ",").find(",cpu,") == std::string::npos) continue;
    const fs::path tree = version_2 ? fs::path(root) : fs::path(root) / "cpu";
    // Walks up to the root of the mount. In a container PATH can be the host's, and then only the root
    // exists.
    fs::path group = fs::path(path).relative_path();
    for (; !group.empty(); group = group.parent_path()) cpus = std::min(cpus, GroupQuota(tree / group));
    cpus = std::min(cpus, GroupQuota(tree));
  }
  return cpus;
}

int AvailableCpus() {
  cpu_set_t cpus;
  const int affinity = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
  std::ifstream membership("/proc/self/cgroup");
  return std::min(affinity, CpuQuota("/sys/fs/cgroup", {std::istreambuf_iterator<char>(membership), {}}));
}

absl::StatusOr<int> ChooseCpuThreads(int max_threads,
                                     const std::function<absl::StatusOr<double>(int threads)>& measure) {
  int threads = max_threads;
  if (threads == 1) return threads;
  ASSIGN_OR_RETURN(double best, measure(threads));
  while (threads > 1) {
    ASSIGN_OR_RETURN(const double with_half, measure(threads / 2));
    if (with_half >= kClearGain * best) break;
    threads /= 2;
    best = std::min(best, with_half);
  }
  return threads;
}

void SetCpuThreads(int threads) { at::set_num_threads(threads); }

}  // namespace newsgenre
