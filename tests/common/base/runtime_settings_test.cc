#include "common/base/runtime_settings.h"

#include <cstdio>
#include <string>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

const std::string kArguments = "argument one\nargument two words\n";

// Runs runtime_settings_program with `variables` and without the other variables that it reads. Returns its
// output.
std::string Output(const std::string& variables) {
  const std::string command = "env -u GOMP_SPINCOUNT -u OMP_WAIT_POLICY -u GLIBC_TUNABLES " + variables +
                              " " + NEWSGENRE_RUNTIME_SETTINGS_PROGRAM + " one 'two words'";
  FILE* const pipe = popen(command.c_str(), "r");
  std::string output;
  char buffer[256];
  while (pipe != nullptr && fgets(buffer, sizeof(buffer), pipe) != nullptr) output += buffer;
  EXPECT_EQ(pclose(pipe), 0);
  return output;
}

TEST(ReexecWithRuntimeSettingsTest, ReexecutesOnceWithTheSameArguments) {
  EXPECT_EQ(Output(""),
            "executed\nexecuted\nGOMP_SPINCOUNT=3000\nOMP_WAIT_POLICY=unset\n"
            "GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1:glibc.malloc.tcache_count=512\n" +
                kArguments);
}

TEST(ReexecWithRuntimeSettingsTest, KeepsVariablesThatTheUserSet) {
  EXPECT_EQ(Output("GOMP_SPINCOUNT=7 GLIBC_TUNABLES=glibc.malloc.hugetlb=0"),
            "executed\nGOMP_SPINCOUNT=7\nOMP_WAIT_POLICY=unset\nGLIBC_TUNABLES=glibc.malloc.hugetlb=0\n" +
                kArguments);
  EXPECT_EQ(Output("OMP_WAIT_POLICY=active"),
            "executed\nexecuted\nGOMP_SPINCOUNT=unset\nOMP_WAIT_POLICY=active\n"
            "GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1:glibc.malloc.tcache_count=512\n" +
                kArguments);
}

}  // namespace
}  // namespace newsgenre
