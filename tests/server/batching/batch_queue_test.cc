#include "server/batching/batch_queue.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/fake_model.h"

namespace newsgenre {
namespace {

using std::chrono::milliseconds;

const Job::Clock::time_point kStart = Job::Clock::time_point() + std::chrono::hours(1);
constexpr int kNever = -1;

// A waiting job of a table; times in milliseconds after kStart.
struct Waiting {
  int id;
  int tokens = 1;
  int deadline = kNever;
  char model = 'a';
  bool cancelled = false;
  int arrival = 0;
};

struct Case {
  std::string name;
  BatchLimits limits;
  std::vector<Waiting> waiting;
  int now;
  // The batches of repeated Take(now), "…|…", then what left as expired and as cancelled.
  std::string batches;
  std::string expired;
  std::string cancelled;
};

Job MakeJob(const Waiting& waiting) {
  static const auto model_a = std::make_shared<const FakeModel>("a");
  static const auto model_b = std::make_shared<const FakeModel>("b");
  Job job;
  job.model = waiting.model == 'a' ? model_a : model_b;
  job.encoding.ids.assign(waiting.tokens, waiting.id);
  if (waiting.deadline != kNever) job.deadline = kStart + milliseconds(waiting.deadline);
  job.cancelled = std::make_shared<const std::atomic<bool>>(waiting.cancelled);
  return job;
}

std::string Ids(const std::vector<Job>& jobs) {
  std::string ids;
  for (const Job& job : jobs) ids += (ids.empty() ? "" : " ") + std::to_string(job.encoding.ids.front());
  return ids;
}

class BatchQueueTest : public testing::TestWithParam<Case> {};

TEST_P(BatchQueueTest, Takes) {
  const Case& c = GetParam();
  BatchQueue queue(c.limits);
  for (const Waiting& waiting : c.waiting) {
    queue.Push(MakeJob(waiting), kStart + milliseconds(waiting.arrival));
  }
  EXPECT_EQ(queue.texts(), static_cast<int64_t>(c.waiting.size()));

  const auto now = kStart + milliseconds(c.now);
  BatchQueue::Taken taken = queue.Take(now);
  EXPECT_EQ(Ids(taken.expired), c.expired);
  EXPECT_EQ(Ids(taken.cancelled), c.cancelled);
  std::string batches = Ids(taken.batch);
  while (!queue.empty()) {
    taken = queue.Take(now);
    ASSERT_FALSE(taken.batch.empty());
    batches += "|" + Ids(taken.batch);
  }
  EXPECT_EQ(batches, c.batches);
  EXPECT_EQ(queue.texts(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BatchQueueTest,
    testing::Values(
        Case{"Nothing", {4, 100}, {}, 0, "", "", ""},
        Case{"InOrderOfArrival", {4, 100}, {{1}, {2}, {3}}, 0, "1 2 3", "", ""},
        Case{"TextBudget", {2, 100}, {{1}, {2}, {3}, {4}, {5}}, 0, "1 2|3 4|5", "", ""},
        Case{"TokenBudget", {9, 10}, {{1, 6}, {2, 4}, {3, 1}}, 0, "1 2|3", "", ""},
        Case{"AShortOneFillsTheRest", {9, 10}, {{1, 6}, {2, 5}, {3, 4}}, 0, "1 3|2", "", ""},
        Case{"AlwaysAtLeastOne", {9, 10}, {{1, 50}, {2, 1}, {3, 50}}, 0, "1|2|3", "", ""},
        Case{"ATextBudgetOfZeroStillRuns", {0, 0}, {{1}, {2}}, 0, "1|2", "", ""},
        Case{"MostUrgentFirst", {2, 100}, {{1, 1, 900}, {2, 1, 300}, {3, 1, 600}}, 0, "2 3|1", "", ""},
        Case{"ADeadlineBeforeNone", {1, 100}, {{1}, {2, 1, 500}}, 0, "2|1", "", ""},
        Case{"AFarDeadlineIsNoDrawback", {1, 100}, {{1, 1, 60000}, {2}}, 0, "1|2", "", ""},
        Case{"OneModelABatch",
             {9, 100},
             {{1, 1, kNever, 'a'}, {2, 1, kNever, 'b'}, {3, 1, kNever, 'a'}, {4, 1, kNever, 'b'}},
             0,
             "1 3|2 4",
             "",
             ""},
        Case{"TheMostUrgentChoosesTheModel",
             {9, 100},
             {{1, 1, 900, 'a'}, {2, 1, 100, 'b'}, {3, 1, 200, 'a'}},
             0,
             "2|3 1",
             "",
             ""},
        Case{"ExpiredLeave", {9, 100}, {{1, 1, 10}, {2, 1, 30}, {3, 1, 20}, {4}}, 20, "2 4", "1 3", ""},
        Case{"CancelledLeave",
             {9, 100},
             {{1, 1, kNever, 'a', true}, {2}, {3, 1, 5, 'a', true}},
             10,
             "2",
             "",
             "3 1"},
        Case{"OnlyDead", {9, 100}, {{1, 1, 1}, {2, 1, kNever, 'a', true}}, 1, "", "1", "2"},
        Case{"TheDeadTakeNoRoom", {2, 2}, {{1, 2, 1}, {2}, {3}}, 1, "2 3", "1", ""}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST(BatchQueueStarvationTest, NothingThatArrivesPatienceLaterGoesFirst) {
  const int patience = BatchQueue::kPatience.count();
  BatchQueue queue({1, 100});
  queue.Push(MakeJob({1}), kStart);
  queue.Push(MakeJob({2, 1, patience + 1, 'a', false}), kStart + milliseconds(patience));
  EXPECT_EQ(Ids(queue.Take(kStart + milliseconds(patience)).batch), "1");
}

TEST(BatchQueueStarvationTest, AStreamOfUrgentJobsHoldsNoneBackForever) {
  BatchQueue queue({1, 100});
  queue.Push(MakeJob({1}), kStart);
  int now = 0;
  std::string first;
  for (; first != "1" && now < 10000; now += 10) {
    queue.Push(MakeJob({2, 1, now + 100}), kStart + milliseconds(now));
    first = Ids(queue.Take(kStart + milliseconds(now)).batch);
  }
  EXPECT_EQ(first, "1");
  EXPECT_LE(now, BatchQueue::kPatience.count());
}

TEST(BatchQueueTakenTest, CountsTokensAndTexts) {
  BatchQueue queue({9, 100});
  queue.Push(MakeJob({1, 7}), kStart);
  queue.Push(MakeJob({2, 5}), kStart);
  queue.Push(MakeJob({3, 3, 0}), kStart);
  const BatchQueue::Taken taken = queue.Take(kStart);
  EXPECT_EQ(taken.tokens, 12);
  EXPECT_EQ(taken.texts(), 3);
}

}  // namespace
}  // namespace newsgenre
