#include "common/base/openmp_wait.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace newsgenre {
namespace {

// By default a thread that waits spins for milliseconds and takes the core from gRPC's threads, or from
// another process's: SPIN REASON
constexpr char kSpinCount[] = "1000";

}  // namespace

void LimitOpenMpSpinning(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  // By its own path, so that it keeps its name in ps.
  std::error_code error;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) return;
  setenv("GOMP_SPINCOUNT", kSpinCount, /*overwrite=*/1);
  execv(program.c_str(), argv);
}

}  // namespace newsgenre
