// Prints a line for each execution, then its settings and arguments.
#include <cstdlib>
#include <iostream>

#include "common/base/runtime_settings.h"

int main(int argc, char** argv) {
  std::cout << "executed" << std::endl;
  newsgenre::ReexecWithRuntimeSettings(argv);
  for (const char* name : {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "GLIBC_TUNABLES"}) {
    const char* value = std::getenv(name);
    std::cout << name << "=" << (value == nullptr ? "unset" : value) << "\n";
  }
  for (int i = 1; i < argc; ++i) std::cout << "argument " << argv[i] << "\n";
}
