#include "server/batching/batch_queue.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/fake_model.h"

namespace newsgenre {
namespace {

using std::chrono::milliseconds;

const Job::Clock::time_point kStart = Job::Clock::time_point() + std::chrono::hours(1);
constexpr int kNever = -1;

// A job of a test case. Times are in milliseconds after kStart.
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
  std::string batches;  // the expected batches of repeated Take(now): "…|…"
  std::string expired;  // the expected jobs of the first Take
  std::string cancelled;
};

// Two models with the same limits.
struct Models {
  explicit Models(const BatchLimits& limits)
      : a(std::make_shared<const FakeModel>("a", FakeModel::PredictByLength, limits)),
        b(std::make_shared<const FakeModel>("b", FakeModel::PredictByLength, limits)) {}
  std::shared_ptr<const Model> a, b;
};

Job MakeJob(const Models& models, const Waiting& waiting) {
  Job job;
  job.model = waiting.model == 'a' ? models.a : models.b;
  job.encoding.ids.assign(waiting.tokens, waiting.id);
  if (waiting.deadline != kNever) job.deadline = kStart + milliseconds(waiting.deadline);
  job.cancelled = [cancelled = waiting.cancelled] { return cancelled; };
  return job;
}

std::string Ids(const std::vector<Job>& jobs) {
  std::string ids;
  for (const Job& job : jobs) ids += (ids.empty() ? "" : " ") + std::to_string(job.encoding.ids.front());
  return ids;
}

class BatchQueueTest : public testing::TestWithParam<Case> {};

TEST_P(BatchQueueTest, TakeReturnsTheExpectedBatches) {
  const Case& c = GetParam();
  const Models models(c.limits);
  BatchQueue queue;
  for (const Waiting& waiting : c.waiting) {
    queue.Push(MakeJob(models, waiting), kStart + milliseconds(waiting.arrival));
  }
  EXPECT_EQ(queue.texts(), static_cast<int64_t>(c.waiting.size()));

  const auto now = kStart + milliseconds(c.now);
  BatchQueue::BatchSelection selection = queue.Take(now);
  EXPECT_EQ(Ids(selection.expired), c.expired);
  EXPECT_EQ(Ids(selection.cancelled), c.cancelled);
  std::string batches = Ids(selection.batch);
  while (!queue.empty()) {
    selection = queue.Take(now);
    ASSERT_FALSE(selection.batch.empty());
    batches += "|" + Ids(selection.batch);
  }
  EXPECT_EQ(batches, c.batches);
  EXPECT_EQ(queue.texts(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BatchQueueTest,
    testing::Values(
        Case{"EmptyQueue", {4, 100}, {}, 0, "", "", ""},
        Case{"OrderOfArrival", {4, 100}, {{1}, {2}, {3}}, 0, "1 2 3", "", ""},
        Case{"TextLimit", {2, 100}, {{1}, {2}, {3}, {4}, {5}}, 0, "1 2|3 4|5", "", ""},
        Case{"TokenLimit", {9, 10}, {{1, 6}, {2, 4}, {3, 1}}, 0, "1 2|3", "", ""},
        Case{"AShorterJobFillsTheBatch", {9, 10}, {{1, 6}, {2, 5}, {3, 4}}, 0, "1 3|2", "", ""},
        Case{"AJobAboveTheLimitRunsAlone", {9, 10}, {{1, 50}, {2, 1}, {3, 50}}, 0, "1|2|3", "", ""},
        Case{"LimitsOfZeroStillRunOneJob", {0, 0}, {{1}, {2}}, 0, "1|2", "", ""},
        Case{"MostUrgentFirst", {2, 100}, {{1, 1, 900}, {2, 1, 300}, {3, 1, 600}}, 0, "2 3|1", "", ""},
        Case{"ADeadlineIsMoreUrgentThanNone", {1, 100}, {{1}, {2, 1, 500}}, 0, "2|1", "", ""},
        Case{"AFarDeadlineIsAsUrgentAsNone", {1, 100}, {{1, 1, 60000}, {2}}, 0, "1|2", "", ""},
        Case{"OneModelPerBatch",
             {9, 100},
             {{1, 1, kNever, 'a'}, {2, 1, kNever, 'b'}, {3, 1, kNever, 'a'}, {4, 1, kNever, 'b'}},
             0,
             "1 3|2 4",
             "",
             ""},
        Case{"TheMostUrgentJobChoosesTheModel",
             {9, 100},
             {{1, 1, 900, 'a'}, {2, 1, 100, 'b'}, {3, 1, 200, 'a'}},
             0,
             "2|3 1",
             "",
             ""},
        Case{"ExpiredJobsAreRemoved",
             {9, 100},
             {{1, 1, 10}, {2, 1, 30}, {3, 1, 20}, {4}},
             20,
             "2 4",
             "1 3",
             ""},
        Case{"CancelledJobsAreRemoved",
             {9, 100},
             {{1, 1, kNever, 'a', true}, {2}, {3, 1, 5, 'a', true}},
             10,
             "2",
             "",
             "3 1"},
        Case{
            "OnlyExpiredAndCancelledJobs", {9, 100}, {{1, 1, 1}, {2, 1, kNever, 'a', true}}, 1, "", "1", "2"},
        Case{"EightWaitingJobsRunTogether",
             {8, 100},
             {{1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}},
             0,
             "1 2 3 4 5 6 7 8",
             "",
             ""},
        Case{"RemovedJobsDoNotCountTowardsTheLimits", {2, 2}, {{1, 2, 1}, {2}, {3}}, 1, "2 3", "1", ""}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST(BatchQueueStarvationTest, AJobThatArrivesPatienceLaterDoesNotOvertake) {
  const int patience = BatchQueue::kPatience.count();
  const Models models({1, 100});
  BatchQueue queue;
  queue.Push(MakeJob(models, {1}), kStart);
  queue.Push(MakeJob(models, {2, 1, patience + 1, 'a', false}), kStart + milliseconds(patience));
  EXPECT_EQ(Ids(queue.Take(kStart + milliseconds(patience)).batch), "1");
}

TEST(BatchQueueStarvationTest, AStreamOfUrgentJobsDoesNotStarveOthers) {
  const Models models({1, 100});
  BatchQueue queue;
  queue.Push(MakeJob(models, {1}), kStart);
  int now = 0;
  std::string first;
  for (; first != "1" && now < 10000; now += 10) {
    queue.Push(MakeJob(models, {2, 1, now + 100}), kStart + milliseconds(now));
    first = Ids(queue.Take(kStart + milliseconds(now)).batch);
  }
  EXPECT_EQ(first, "1");
  EXPECT_LE(now, BatchQueue::kPatience.count());
}

TEST(BatchQueueLimitsTest, TheLimitsAreThoseOfTheBatchsModel) {
  const Models pairs({2, 100}), triples({3, 100});
  BatchQueue queue;
  for (int id = 1; id <= 3; ++id) queue.Push(MakeJob(pairs, {id}), kStart);
  for (int id = 4; id <= 6; ++id) queue.Push(MakeJob(triples, {id}), kStart);
  EXPECT_EQ(Ids(queue.Take(kStart).batch), "1 2");
  EXPECT_EQ(Ids(queue.Take(kStart).batch), "3");
  EXPECT_EQ(Ids(queue.Take(kStart).batch), "4 5 6");
}

TEST(BatchQueueCostTest, StopsLookingAfterTooManySkippedJobs) {
  const Models models({9, 10});
  for (const int misfits : {BatchQueue::kMaxSkippedJobs - 1, BatchQueue::kMaxSkippedJobs}) {
    BatchQueue queue;
    queue.Push(MakeJob(models, {1, 6}), kStart);
    for (int i = 0; i < misfits; ++i) queue.Push(MakeJob(models, {2, 5}), kStart);
    queue.Push(MakeJob(models, {3, 4}), kStart);
    EXPECT_EQ(Ids(queue.Take(kStart).batch), misfits < BatchQueue::kMaxSkippedJobs ? "1 3" : "1");
  }
}

TEST(BatchQueueCostTest, JobsAfterTheBatchAreRemovedByTheNextSweep) {
  const Models models({1, 100});
  const int interval = BatchQueue::kSweepInterval.count();
  BatchQueue queue;
  EXPECT_EQ(queue.Take(kStart).texts(), 0);  // sweeps
  bool cancelled = false;
  for (int id = 1; id <= 4; ++id) {
    Job job = MakeJob(models, {id});
    if (id == 1 || id == 4) job.cancelled = [&] { return cancelled; };
    queue.Push(std::move(job), kStart);
  }
  cancelled = true;
  BatchQueue::BatchSelection selection = queue.Take(kStart + milliseconds(interval - 1));
  EXPECT_EQ(Ids(selection.cancelled), "1");
  EXPECT_EQ(Ids(selection.batch), "2");
  selection = queue.Take(kStart + milliseconds(interval));
  EXPECT_EQ(Ids(selection.cancelled), "4");
  EXPECT_EQ(Ids(selection.batch), "3");
  EXPECT_TRUE(queue.empty());
}

TEST(BatchSelectionTest, CountsTokensAndTexts) {
  const Models models({9, 100});
  BatchQueue queue;
  queue.Push(MakeJob(models, {1, 7}), kStart);
  queue.Push(MakeJob(models, {2, 5}), kStart);
  queue.Push(MakeJob(models, {3, 3, 0}), kStart);
  const BatchQueue::BatchSelection selection = queue.Take(kStart);
  EXPECT_EQ(selection.tokens, 12);
  EXPECT_EQ(selection.texts(), 3);
}

}  // namespace
}  // namespace newsgenre
