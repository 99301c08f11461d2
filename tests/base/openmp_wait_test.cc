#include "common/base/openmp_wait.h"

#include <cstdio>
#include <string>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

const std::string kArguments = "argument one\nargument two words\n";

// What openmp_wait_program prints in an environment with these variables and no others of OpenMP's.
std::string Output(const std::string& variables) {
  const std::string command = "env -u GOMP_SPINCOUNT -u OMP_WAIT_POLICY " + variables + " " +
                              NEWSGENRE_OPENMP_WAIT_PROGRAM + " one 'two words'";
  FILE* const pipe = popen(command.c_str(), "r");
  std::string output;
  char buffer[256];
  while (pipe != nullptr && fgets(buffer, sizeof(buffer), pipe) != nullptr) output += buffer;
  EXPECT_EQ(pclose(pipe), 0);
  return output;
}

TEST(LimitOpenMpSpinningTest, ExecutesTheProgramOnceMoreWithTheSameArguments) {
  EXPECT_EQ(Output(""), "executed\nexecuted\nGOMP_SPINCOUNT=unset\nOMP_WAIT_POLICY=passive\n" + kArguments);
}

TEST(LimitOpenMpSpinningTest, LeavesTheUsersChoice) {
  EXPECT_EQ(Output("GOMP_SPINCOUNT=7"), "executed\nGOMP_SPINCOUNT=7\nOMP_WAIT_POLICY=unset\n" + kArguments);
  EXPECT_EQ(Output("OMP_WAIT_POLICY=active"),
            "executed\nGOMP_SPINCOUNT=unset\nOMP_WAIT_POLICY=active\n" + kArguments);
}

}  // namespace
}  // namespace newsgenre
