#include "common/base/runtime_settings.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/synchronization/mutex.h"

namespace newsgenre {
namespace {

// A compromise between the two extremes. With libgomp's default, threads that spin for long take the cores
// from threads with work: two training runs at once on two cores took more than twice as long. Threads that
// sleep at once wake late: those that share a forward pass of ALBERT-base in int8 wait for each other twelve
// times in 7 ms, and without spinning the pass took 16 % longer. One spin takes about 25 to 50 ns, so 3000
// spins take about 0.1 ms.
constexpr char kSpinCount[] = "3000";

// With small pages a forward pass of ALBERT-base takes 2 % longer on average, with a large variance between
// processes. The C library uses huge pages for its main arena only. Therefore all threads share that arena,
// with larger per-thread caches in front of it.
constexpr char kTunables[] = "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1:glibc.malloc.tcache_count=512";

// Each training step allocates the same large blocks as the one before. Without these settings, the training
// of a small network spent an eighth of each step in the kernel, which cleared new pages.
constexpr char kKeepTunables[] =
    ":glibc.malloc.mmap_threshold=1073741824:glibc.malloc.trim_threshold=17179869184"
    ":glibc.malloc.top_pad=67108864";

}  // namespace

void ReexecWithRuntimeSettings(char** argv, FreedMemory freed) {
  const bool has_spin_count =
      std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr;
  const bool has_tunables = std::getenv("GLIBC_TUNABLES") != nullptr;
  if (has_spin_count && has_tunables) return;
  // The resolved path, not /proc/self/exe itself, keeps the program's name in ps.
  std::error_code error;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) return;
  if (!has_spin_count) setenv("GOMP_SPINCOUNT", kSpinCount, /*overwrite=*/1);
  if (!has_tunables) {
    const std::string tunables = std::string(kTunables) + (freed == FreedMemory::kKept ? kKeepTunables : "");
    setenv("GLIBC_TUNABLES", tunables.c_str(), /*overwrite=*/1);
  }
  execv(program.c_str(), argv);
}

void DisableMutexDeadlockDetection() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }

}  // namespace newsgenre
