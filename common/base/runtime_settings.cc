#include "common/base/runtime_settings.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/synchronization/mutex.h"

namespace newsgenre {
namespace {

constexpr char kSpins[] = "3000";

// With small pages a forward of ALBERT-base takes 2 % longer, more in one process and less in the next. The C
// library takes huge pages for its first arena only: so all threads have that one, and larger caches of
// their own before it.
constexpr char kTunables[] = "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1:glibc.malloc.tcache_count=512";

// A training step needs the same large pieces as the one before, and a small network's steps took an eighth
// of their time for pages that the system cleared.
constexpr char kKeepTunables[] =
    ":glibc.malloc.mmap_threshold=1073741824:glibc.malloc.trim_threshold=17179869184"
    ":glibc.malloc.top_pad=67108864";

}  // namespace

void ReexecWithRuntimeSettings(char** argv, FreedMemory freed) {
  // Who spins for long takes the core from whoever has work: with libgomp's own setting two training runs at
  // once on two cores took more than twice as long. Who sleeps at once wakes late: threads that share a
  // forward of ALBERT-base in int8 wait for each other twelve times in 7 ms, and without a spin it took 16 %
  // longer. A spin is an instruction of about 25 to 50 ns, so that these are about a tenth of a millisecond.
  const bool waits = std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr;
  const bool tuned = std::getenv("GLIBC_TUNABLES") != nullptr;
  if (waits && tuned) return;
  // By its own path, so that it keeps its name in ps.
  std::error_code error;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) return;
  if (!waits) setenv("GOMP_SPINCOUNT", kSpins, /*overwrite=*/1);
  if (!tuned) {
    const std::string tunables = std::string(kTunables) + (freed == FreedMemory::kKept ? kKeepTunables : "");
    setenv("GLIBC_TUNABLES", tunables.c_str(), /*overwrite=*/1);
  }
  execv(program.c_str(), argv);
}

void DisableMutexDeadlockDetection() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }

}  // namespace newsgenre
