#include "common/device/parallel.h"

#include <ATen/Parallel.h>

#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace newsgenre {
namespace {

TEST(ParallelForTest, VisitsEachElementOnce) {
  at::set_num_threads(3);
  for (const int64_t count : {0, 1, 2, 3, 7, 100, 1001}) {
    for (const int64_t grain : {1, 2, 50, 5000}) {
      std::vector<int> seen(count, 0);  // shares don't overlap: no lock
      ParallelFor(count, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) ++seen[i];
      });
      EXPECT_EQ(seen, std::vector<int>(count, 1)) << count << " by " << grain;
    }
  }
}

TEST(ParallelForTest, RunsConcurrently) {
  at::set_num_threads(2);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  const auto record = [&](int64_t, int64_t) {
    const std::lock_guard<std::mutex> lock(mutex);
    threads.insert(std::this_thread::get_id());
  };
  ParallelFor(2, 1, record);
  EXPECT_EQ(threads.size(), 2u);
  threads.clear();
  ParallelFor(2, 2, record);  // one share
  EXPECT_EQ(threads, std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST(ParallelForTest, ThrowsTheExceptionOfABody) {
  at::set_num_threads(2);
  EXPECT_THROW(ParallelFor(10, 1, [](int64_t, int64_t) { throw std::runtime_error("no"); }),
               std::runtime_error);
}

}  // namespace
}  // namespace newsgenre
