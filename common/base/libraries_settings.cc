#include "common/base/libraries_settings.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace newsgenre {

void SetLibrariesSettings(char** argv) {
  // Who spins takes the core from whoever has work: with libgomp's own setting two training runs at once on
  // two cores took more than twice as long. A short spin made one run alone a tenth faster, and a server
  // that shares its cores with its callers slower.
  const bool waits = std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr;
  // With small pages ALBERT-base is 1 % slower, and by up to 3 % more or less so in one process than in the
  // next.
  const bool tuned = std::getenv("GLIBC_TUNABLES") != nullptr;
  if (waits && tuned) return;
  // By its own path, so that it keeps its name in ps.
  std::error_code error;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) return;
  if (!waits) setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/1);
  if (!tuned) setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", /*overwrite=*/1);
  execv(program.c_str(), argv);
}

}  // namespace newsgenre
