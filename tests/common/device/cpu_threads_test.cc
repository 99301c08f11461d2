#include "common/device/cpu_threads.h"

#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace newsgenre {
namespace {

constexpr int kNoQuota = std::numeric_limits<int>::max();

// Builds a folder like /sys/fs/cgroup.
class CpuQuotaTest : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = root_.File(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  int Quota(const std::string& membership) const { return CpuQuota(root_.path(), membership); }

 private:
  TempDir root_;
};

TEST_F(CpuQuotaTest, ReadsVersion2RoundedUp) {
  const struct {
    const char* cpu_max;
    int cpus;
  } kCases[] = {{"200000 100000\n", 2},  {"150000 100000\n", 2},         {"50000 100000\n", 1},
                {"1 100000\n", 1},       {"max 100000\n", kNoQuota},     {"", kNoQuota},
                {"100000\n", kNoQuota},  {"100000 0\n", kNoQuota},       {"-1 100000\n", kNoQuota},
                {"two three", kNoQuota}, {"800000000000000 1", kNoQuota}};
  for (const auto& [cpu_max, cpus] : kCases) {
    Write("cpu.max", cpu_max);
    EXPECT_EQ(Quota("0::/\n"), cpus) << cpu_max;
  }
}

TEST_F(CpuQuotaTest, ReturnsTheSmallestQuotaOfTheGroupAndItsParents) {
  Write("system.slice/cpu.max", "300000 100000\n");
  Write("system.slice/news.service/cpu.max", "max 100000\n");
  Write("user.slice/cpu.max", "100000 100000\n");
  EXPECT_EQ(Quota("0::/system.slice/news.service\n"), 3);
  Write("cpu.max", "200000 100000\n");
  EXPECT_EQ(Quota("0::/system.slice/news.service\n"), 2);
  EXPECT_EQ(Quota("0::/a/path/of/the/host\n"), 2);
}

TEST_F(CpuQuotaTest, ReadsVersion1) {
  const std::string membership = "9:cpuset:/cpus\n4:cpu,cpuacct:/news:1\n1:name=systemd:/\n0::/\n";
  Write("cpu/cpu.cfs_quota_us", "-1\n");
  Write("cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(Quota(membership), kNoQuota);
  Write("cpu/news:1/cpu.cfs_quota_us", "250000\n");
  Write("cpu/news:1/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(Quota(membership), 3);
  EXPECT_EQ(Quota("9:cpuset:/news:1\n"), kNoQuota);
}

TEST_F(CpuQuotaTest, ReturnsNoQuotaForUnknownGroups) {
  for (const std::string membership : {"", "\n", "no colon", "0:", "0::/\n"}) {
    EXPECT_EQ(Quota(membership), kNoQuota) << membership;
  }
}

TEST(ChooseCpuThreadsTest, HalvesTheThreadsUnlessThatIsClearlySlower) {
  const struct {
    std::map<int, double> seconds;  // by number of threads; other numbers must not be measured
    int max_threads, chosen;
  } cases[] = {
      {{}, 1, 1},
      {{{2, 1.0}, {1, 1.8}}, 2, 2},
      {{{2, 1.0}, {1, 1.3}}, 2, 2},
      {{{2, 1.0}, {1, 1.2}}, 2, 1},
      {{{2, 1.0}, {1, 0.5}}, 2, 1},
      {{{16, 1.0}, {8, 1.1}, {4, 1.2}, {2, 1.4}}, 16, 4},
      {{{16, 1.0}, {8, 0.9}, {4, 1.2}}, 16, 8},
      {{{3, 1.0}, {1, 2.0}}, 3, 3},
  };
  for (const auto& c : cases) {
    const auto measure = [&](int threads) -> absl::StatusOr<double> { return c.seconds.at(threads); };
    ASSERT_OK_AND_ASSIGN(const int threads, ChooseCpuThreads(c.max_threads, measure));
    EXPECT_EQ(threads, c.chosen) << "of " << c.max_threads;
  }
}

TEST(ChooseCpuThreadsTest, ReturnsTheErrorOfTheMeasurement) {
  const auto measure = [](int) -> absl::StatusOr<double> { return absl::InternalError("no"); };
  EXPECT_THAT(ChooseCpuThreads(2, measure), StatusIs(absl::StatusCode::kInternal, "no"));
}

TEST(AvailableCpusTest, IsBetween1AndTheCpusOfTheMachine) {
  EXPECT_GE(AvailableCpus(), 1);
  EXPECT_LE(AvailableCpus(), static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace
}  // namespace newsgenre
