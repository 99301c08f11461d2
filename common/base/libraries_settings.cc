#include "common/base/libraries_settings.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace newsgenre {
namespace {

// With small pages a forward of ALBERT-base takes 2 % longer, more in one process and less in the next. The C
// library takes huge pages for its first arena only: so all threads have that one, and larger caches of
// their own before it.
constexpr char kTunables[] = "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1:glibc.malloc.tcache_count=512";

}  // namespace

void SetLibrariesSettings(char** argv) {
  // Who spins takes the core from whoever has work: with libgomp's own setting two training runs at once on
  // two cores took more than twice as long. A short spin made one run alone a tenth faster, and a server
  // that shares its cores with its callers slower.
  const bool waits = std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr;
  const bool tuned = std::getenv("GLIBC_TUNABLES") != nullptr;
  if (waits && tuned) return;
  // By its own path, so that it keeps its name in ps.
  std::error_code error;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) return;
  if (!waits) setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/1);
  if (!tuned) setenv("GLIBC_TUNABLES", kTunables, /*overwrite=*/1);
  execv(program.c_str(), argv);
}

}  // namespace newsgenre
