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
  // Spinning gains nothing that could be measured here, with a server or a training run alone on two cores,
  // and takes the core from whoever has work: two training runs at once took more than twice as long.
  setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/1);
  execv(program.c_str(), argv);
}

}  // namespace newsgenre
