#include "common/base/openmp_wait.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace newsgenre {

void LimitOpenMpSpinning(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  // By its own path, so that it keeps its name in ps.
  std::error_code error;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) return;
  // Who spins takes the core from whoever has work: with libgomp's own setting two training runs at once on
  // two cores took more than twice as long. A short spin made one run alone a tenth faster, and a server
  // that shares its cores with its callers slower.
  setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/1);
  execv(program.c_str(), argv);
}

}  // namespace newsgenre
