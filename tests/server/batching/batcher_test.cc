#include "server/batching/batcher.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/fake_model.h"
#include "tests/support/gate.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using Scores = absl::StatusOr<Probabilities>;

// Records the batcher's events. Thread-safe.
class Recorder : public BatchObserver {
 public:
  void OnQueueChange(int64_t delta_texts) override { EXPECT_GE(queued_ += delta_texts, 0); }
  void OnQueueWaits(const Durations& waits) override { CountAll(waits, &waits_); }
  void OnReplies(const Durations& delays) override { CountAll(delays, &replies_); }
  void OnBatch(int64_t texts, int64_t tokens) override {
    MutexLock lock(&mutex_);
    texts_.push_back(texts);
    tokens_.push_back(tokens);
  }
  int64_t queued() const { return queued_; }
  // The numbers of durations reported. Every duration is checked to be plausible.
  int64_t waits() const { return waits_; }
  int64_t replies() const { return replies_; }
  std::vector<int64_t> texts() const {
    MutexLock lock(&mutex_);
    return texts_;
  }
  std::vector<int64_t> tokens() const {
    MutexLock lock(&mutex_);
    return tokens_;
  }

 private:
  static void CountAll(const Durations& durations, std::atomic<int64_t>* count) {
    for (const auto duration : durations) {
      EXPECT_GE(duration.count(), 0);
      EXPECT_LT(duration, std::chrono::minutes(10));
    }
    *count += static_cast<int64_t>(durations.size());
  }

  std::atomic<int64_t> queued_{0}, waits_{0}, replies_{0};
  mutable Mutex mutex_;
  std::vector<int64_t> texts_ ABSL_GUARDED_BY(mutex_);
  std::vector<int64_t> tokens_ ABSL_GUARDED_BY(mutex_);
};

std::shared_ptr<const Model> MakeModel(FakeModel::PredictFunction predict = FakeModel::PredictByLength,
                                       BatchLimits limits = {8, 1000}) {
  return std::make_shared<const FakeModel>("fake", std::move(predict), limits);
}

// Returns a job of `tokens` tokens that sets `result`.
Job MakeJob(std::shared_ptr<const Model> model, int tokens, std::future<Scores>* result) {
  auto promise = std::make_shared<std::promise<Scores>>();
  *result = promise->get_future();
  Job job;
  job.model = std::move(model);
  job.encoding.ids.assign(tokens, 5);
  job.done = [promise](Scores scores) { promise->set_value(std::move(scores)); };
  return job;
}

absl::Status Submit(Batcher* batcher, std::vector<Job> jobs) {
  absl::StatusOr<Batcher::QueueReservation> reservation = batcher->Reserve(static_cast<int64_t>(jobs.size()));
  if (!reservation.ok()) return reservation.status();
  return batcher->Submit(*std::move(reservation), std::move(jobs));
}

std::future<Scores> SubmitOne(Batcher* batcher, std::shared_ptr<const Model> model, int tokens) {
  std::future<Scores> result;
  std::vector<Job> jobs;
  jobs.push_back(MakeJob(std::move(model), tokens, &result));
  EXPECT_THAT(Submit(batcher, std::move(jobs)), IsOk());
  return result;
}

Batcher::Options OptionsOf(int workers, int64_t max_queue_texts = 100) {
  Batcher::Options options;
  options.workers = workers;
  options.max_queue_texts = max_queue_texts;
  return options;
}

std::vector<float> RowOfTokens(int tokens) {
  Encoding encoding;
  encoding.ids.assign(tokens, 5);
  return FakeModel::PredictionFor(encoding);
}

// A model that fails every batch with a text of exactly 13 tokens.
absl::StatusOr<ProbabilityRows> FailOnThirteen(const std::vector<const Encoding*>& batch) {
  for (const Encoding* encoding : batch) {
    if (encoding->ids.size() == 13) return absl::DataLossError("thirteen");
  }
  return FakeModel::PredictByLength(batch);
}

TEST(BatcherTest, EveryJobReceivesItsOwnRow) {
  Recorder recorder;
  Batcher batcher(OptionsOf(2), &recorder);
  const auto model = MakeModel();
  std::vector<std::future<Scores>> results;
  for (int tokens = 1; tokens <= 20; ++tokens) results.push_back(SubmitOne(&batcher, model, tokens));
  for (int tokens = 1; tokens <= 20; ++tokens) {
    ASSERT_OK_AND_ASSIGN(const std::vector<float> row, results[tokens - 1].get());
    EXPECT_EQ(row, RowOfTokens(tokens));
  }
}

TEST(BatcherTest, JobsThatWaitTogetherRunTogether) {
  Recorder recorder;
  Gate gate;
  Batcher batcher(OptionsOf(1), &recorder);
  const auto model = MakeModel(gate.Guard(FakeModel::PredictByLength));
  std::vector<std::future<Scores>> results;
  results.push_back(SubmitOne(&batcher, model, 1));
  gate.WaitUntilReached();
  for (int tokens = 2; tokens <= 11; ++tokens) results.push_back(SubmitOne(&batcher, model, tokens));
  gate.Open();
  batcher.Drain();
  for (auto& result : results) EXPECT_THAT(result.get(), IsOk());
  EXPECT_THAT(recorder.texts(), ElementsAre(1, 8, 2));
  EXPECT_THAT(recorder.tokens(), ElementsAre(1, 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9, 10 + 11));
  EXPECT_EQ(recorder.queued(), 0);
}

TEST(BatcherTest, JobsOfTwoModelsRunInSeparateBatches) {
  Recorder recorder;
  Gate gate;
  Batcher batcher(OptionsOf(1), &recorder);
  const auto old_model = MakeModel(gate.Guard(FakeModel::PredictByLength));
  const auto new_model = MakeModel();
  auto first = SubmitOne(&batcher, old_model, 1);
  gate.WaitUntilReached();
  auto old_one = SubmitOne(&batcher, old_model, 1);
  auto new_one = SubmitOne(&batcher, new_model, 1);
  auto old_two = SubmitOne(&batcher, old_model, 1);
  gate.Open();
  batcher.Drain();
  for (auto* result : {&first, &old_one, &new_one, &old_two}) EXPECT_THAT(result->get(), IsOk());
  EXPECT_THAT(recorder.texts(), ElementsAre(1, 2, 1));
}

TEST(BatcherTest, OneSubmitWakesEveryWorkerThatIsNeeded) {
  Recorder recorder;
  std::promise<void> both_entered;
  std::shared_future<void> wait(both_entered.get_future());
  std::atomic<int> entered{0};
  const auto predict = [&](const std::vector<const Encoding*>& batch) {
    if (++entered == 2) both_entered.set_value();
    wait.wait();  // returns only when two workers run at the same time
    return FakeModel::PredictByLength(batch);
  };
  const auto model = MakeModel(predict, {1, 1000});
  Batcher batcher(OptionsOf(2), &recorder);
  std::future<Scores> one, two;
  std::vector<Job> jobs;
  jobs.push_back(MakeJob(model, 1, &one));
  jobs.push_back(MakeJob(model, 2, &two));
  ASSERT_THAT(Submit(&batcher, std::move(jobs)), IsOk());
  EXPECT_THAT(one.get(), IsOk());
  EXPECT_THAT(two.get(), IsOk());
}

TEST(BatcherTest, JobsWaitForTheFirstWorker) {
  Recorder recorder;
  Batcher batcher(OptionsOf(0), &recorder);
  std::future<Scores> result = SubmitOne(&batcher, MakeModel(), 3);
  EXPECT_EQ(recorder.queued(), 1);
  batcher.AddWorkers(2);
  EXPECT_THAT(result.get(), IsOk());
  batcher.Drain();
  batcher.AddWorkers(3);  // has no effect after Drain
}

TEST(BatcherTest, WarmUpRunsEachTextOnEveryWorker) {
  Recorder recorder;
  Batcher batcher(OptionsOf(3, 1), &recorder);
  Mutex mutex;
  std::multiset<std::pair<std::thread::id, size_t>> runs;  // thread, tokens
  const auto model = MakeModel([&](const std::vector<const Encoding*>& batch) {
    MutexLock lock(&mutex);
    for (const Encoding* encoding : batch) runs.emplace(std::this_thread::get_id(), encoding->ids.size());
    return FakeModel::PredictByLength(batch);
  });
  EXPECT_THAT(batcher.WarmUp(*model, {Encoding{{5, 5}}, Encoding{{5, 5, 5}}}), IsOk());
  std::set<std::thread::id> workers;
  for (const auto& [worker, tokens] : runs) workers.insert(worker);
  EXPECT_EQ(workers.size(), 3u);
  EXPECT_EQ(runs.size(), 6u);
  for (const std::thread::id worker : workers) {
    EXPECT_EQ(runs.count({worker, 2}), 1u);
    EXPECT_EQ(runs.count({worker, 3}), 1u);
  }
  EXPECT_THAT(recorder.texts(), testing::IsEmpty());
}

TEST(BatcherTest, WarmUpAndJobsBothFinish) {
  Recorder recorder;
  Gate gate;
  Batcher batcher(OptionsOf(1), &recorder);
  const auto model = MakeModel(gate.Guard(FakeModel::PredictByLength));
  auto running = SubmitOne(&batcher, model, 1);
  gate.WaitUntilReached();
  auto warm = std::async(std::launch::async, [&] { return batcher.WarmUp(*model, {Encoding{{5}}}); });
  auto waiting = SubmitOne(&batcher, model, 2);
  gate.Open();
  EXPECT_THAT(warm.get(), IsOk());
  for (auto* result : {&running, &waiting}) EXPECT_THAT(result->get(), IsOk());
}

TEST(BatcherTest, WarmUpReturnsTheModelsErrorAndUnavailableAfterDrain) {
  Recorder recorder;
  Batcher batcher(OptionsOf(2), &recorder);
  Encoding thirteen;
  thirteen.ids.assign(13, 5);
  EXPECT_THAT(batcher.WarmUp(*MakeModel(FailOnThirteen), {thirteen}),
              StatusIs(absl::StatusCode::kDataLoss, "thirteen"));
  batcher.Drain();
  EXPECT_THAT(batcher.WarmUp(*MakeModel(), {thirteen}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("stopping")));
}

TEST(BatcherTest, AFullQueueAcceptsAllJobsOrNone) {
  Recorder recorder;
  Gate gate;
  Batcher batcher(OptionsOf(1, 3), &recorder);
  const auto model = MakeModel(gate.Guard(FakeModel::PredictByLength));
  auto running = SubmitOne(&batcher, model, 1);
  gate.WaitUntilReached();
  auto second = SubmitOne(&batcher, model, 1);
  auto third = SubmitOne(&batcher, model, 1);

  std::atomic<int> refused_calls{0};
  std::vector<Job> two;
  for (int i = 0; i < 2; ++i) {
    std::future<Scores> unused;
    two.push_back(MakeJob(model, 1, &unused));
    two.back().done = [&](const Scores&) { ++refused_calls; };
  }
  EXPECT_THAT(Submit(&batcher, std::move(two)),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("2 texts wait, 2 more requested, the limit is 3")));
  auto fourth = SubmitOne(&batcher, model, 1);
  gate.Open();
  for (auto* result : {&running, &second, &third, &fourth}) EXPECT_THAT(result->get(), IsOk());
  batcher.Drain();
  EXPECT_EQ(refused_calls, 0);
  EXPECT_EQ(recorder.queued(), 0);
}

TEST(BatcherTest, AReservationReturnsUnusedPlaces) {
  Recorder recorder;
  Gate gate;
  Batcher batcher(OptionsOf(1, 3), &recorder);
  const auto model = MakeModel(gate.Guard(FakeModel::PredictByLength));
  auto running = SubmitOne(&batcher, model, 1);
  gate.WaitUntilReached();
  std::future<Scores> waiting;
  {
    absl::StatusOr<Batcher::QueueReservation> reservation = batcher.Reserve(3);
    ASSERT_THAT(reservation, IsOk());
    EXPECT_THAT(batcher.Reserve(1), StatusIs(absl::StatusCode::kResourceExhausted,
                                             HasSubstr("3 texts wait, 1 more requested, the limit is 3")));
    std::vector<Job> one;
    one.push_back(MakeJob(model, 1, &waiting));
    EXPECT_THAT(batcher.Submit(*std::move(reservation), std::move(one)), IsOk());
  }
  EXPECT_THAT(batcher.Reserve(3), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("1 texts wait")));
  EXPECT_THAT(batcher.Reserve(2), IsOk());  // returned unused
  EXPECT_THAT(batcher.Reserve(2), IsOk());
  gate.Open();
  EXPECT_THAT(waiting.get(), IsOk());
  EXPECT_THAT(running.get(), IsOk());
  EXPECT_THAT(batcher.Reserve(3), IsOk());
}

TEST(BatcherTest, WorkersContinueWhileAReplyBlocks) {
  Recorder recorder;
  Batcher batcher(OptionsOf(1), &recorder);
  const auto model = MakeModel();
  std::promise<void> release, second_ran;
  std::future<Scores> unused;
  std::vector<Job> jobs;
  jobs.push_back(MakeJob(model, 1, &unused));
  jobs.back().done = [&](const Scores&) { release.get_future().wait(); };
  ASSERT_THAT(Submit(&batcher, std::move(jobs)), IsOk());
  const auto notifying = MakeModel([&](const std::vector<const Encoding*>& batch) {
    second_ran.set_value();
    return FakeModel::PredictByLength(batch);
  });
  auto second = SubmitOne(&batcher, notifying, 2);
  second_ran.get_future().wait();  // while the only reply thread is blocked
  release.set_value();
  EXPECT_THAT(second.get(), IsOk());
}

TEST(BatcherTest, NoWorkerIsIdleWhileATextWaits) {
  constexpr int kTexts = 5;
  Recorder recorder;
  std::atomic<int> entered{0};
  std::promise<void> all_entered;
  std::shared_future<void> wait(all_entered.get_future());
  const auto model = MakeModel([&](const std::vector<const Encoding*>& batch) {
    if (++entered == kTexts) all_entered.set_value();
    wait.wait();  // returns only when every worker has taken a text without waiting for a second one
    return FakeModel::PredictByLength(batch);
  });
  Batcher batcher(OptionsOf(kTexts), &recorder);
  std::vector<std::future<Scores>> results;
  for (int i = 0; i < kTexts; ++i) {
    results.push_back(SubmitOne(&batcher, model, 1));
    while (entered <= i) std::this_thread::yield();
  }
  for (auto& result : results) EXPECT_THAT(result.get(), IsOk());
}

TEST(BatcherTest, ReportsTheTimesOfEachText) {
  Recorder recorder;
  Batcher batcher(OptionsOf(2), &recorder);
  const auto model = MakeModel(FailOnThirteen);
  std::vector<std::future<Scores>> results;
  for (int tokens = 1; tokens <= 20; ++tokens) results.push_back(SubmitOne(&batcher, model, tokens));
  batcher.Drain();
  EXPECT_EQ(recorder.waits(), 20);
  EXPECT_EQ(recorder.replies(), 20);
}

TEST(BatcherTest, SubmittingNoJobsSucceeds) {
  Recorder recorder;
  Batcher batcher(OptionsOf(1), &recorder);
  EXPECT_THAT(Submit(&batcher, {}), IsOk());
}

TEST(BatcherTest, DrainFinishesAcceptedJobsAndRefusesNewOnes) {
  Recorder recorder;
  Gate gate;
  Batcher batcher(OptionsOf(1), &recorder);
  const auto model = MakeModel(gate.Guard(FakeModel::PredictByLength));
  auto running = SubmitOne(&batcher, model, 1);
  gate.WaitUntilReached();
  auto waiting = SubmitOne(&batcher, model, 1);

  std::thread drain([&] { batcher.Drain(); });
  // The batcher accepts jobs until the other thread has started to drain it.
  std::vector<std::future<Scores>> accepted;
  for (;;) {
    std::future<Scores> result;
    std::vector<Job> jobs;
    jobs.push_back(MakeJob(model, 1, &result));
    const absl::Status status = Submit(&batcher, std::move(jobs));
    if (status.ok()) {
      accepted.push_back(std::move(result));
    } else if (absl::IsUnavailable(status)) {
      break;
    }
  }
  gate.Open();
  drain.join();
  batcher.Drain();
  EXPECT_THAT(running.get(), IsOk());
  EXPECT_THAT(waiting.get(), IsOk());
  for (auto& result : accepted) EXPECT_THAT(result.get(), IsOk());
}

TEST(BatcherTest, ExpiredAndCancelledJobsNeverReachTheModel) {
  Recorder recorder;
  std::atomic<int> predicted{0};
  const auto model = MakeModel([&](const std::vector<const Encoding*>& batch) {
    predicted += batch.size();
    return FakeModel::PredictByLength(batch);
  });
  Batcher batcher(OptionsOf(1), &recorder);
  std::future<Scores> expired, cancelled;
  std::vector<Job> jobs;
  jobs.push_back(MakeJob(model, 1, &expired));
  jobs.back().deadline = Job::Clock::now();
  jobs.push_back(MakeJob(model, 1, &cancelled));
  jobs.back().cancelled = [] { return true; };
  ASSERT_THAT(Submit(&batcher, std::move(jobs)), IsOk());
  EXPECT_THAT(expired.get(), StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("deadline")));
  EXPECT_THAT(cancelled.get(), StatusIs(absl::StatusCode::kCancelled, HasSubstr("caller")));
  batcher.Drain();
  EXPECT_EQ(predicted, 0);
  EXPECT_EQ(recorder.queued(), 0);
}

TEST(BatcherTest, AFailingBatchIsHalvedUntilOnlyTheBadJobFails) {
  Recorder recorder;
  Gate gate;
  Batcher batcher(OptionsOf(1), &recorder);
  const auto model = MakeModel(gate.Guard(FailOnThirteen));
  auto first = SubmitOne(&batcher, model, 1);
  gate.WaitUntilReached();
  std::vector<std::future<Scores>> results;
  for (int tokens = 10; tokens < 18; ++tokens) results.push_back(SubmitOne(&batcher, model, tokens));
  gate.Open();
  batcher.Drain();
  for (int tokens = 10; tokens < 18; ++tokens) {
    const Scores scores = results[tokens - 10].get();
    if (tokens == 13) {
      EXPECT_THAT(scores, StatusIs(absl::StatusCode::kDataLoss, "thirteen"));
    } else {
      ASSERT_THAT(scores, IsOk());
      EXPECT_EQ(*scores, RowOfTokens(tokens));
    }
  }
  EXPECT_THAT(recorder.texts(), ElementsAre(1, 8, 4, 2, 2, 1, 1, 4));
}

struct ModelFault {
  std::string name;
  FakeModel::PredictFunction predict;
  std::string message;
};

class FaultyModelTest : public testing::TestWithParam<ModelFault> {};

TEST_P(FaultyModelTest, IsAnInternalError) {
  Recorder recorder;
  Batcher batcher(OptionsOf(1), &recorder);
  EXPECT_THAT(SubmitOne(&batcher, MakeModel(GetParam().predict), 3).get(),
              StatusIs(absl::StatusCode::kInternal, StartsWith(GetParam().message)));
  EXPECT_THAT(SubmitOne(&batcher, MakeModel(), 3).get(), IsOk());
}

using Batch = std::vector<const Encoding*>;
INSTANTIATE_TEST_SUITE_P(
    Table, FaultyModelTest,
    testing::Values(
        ModelFault{"TooFewRows", [](const Batch&) { return ProbabilityRows(); },
                   "the model returned 0 rows for 1 texts"},
        ModelFault{"TooManyRows", [](const Batch&) { return ProbabilityRows(2); },
                   "the model returned 2 rows for 1 texts"},
        ModelFault{"AnException",
                   [](const Batch&) -> absl::StatusOr<ProbabilityRows> { throw std::runtime_error("boom"); },
                   "the model threw: boom"},
        ModelFault{"AnotherThrownType", [](const Batch&) -> absl::StatusOr<ProbabilityRows> { throw 7; },
                   "the model threw something"}),
    [](const testing::TestParamInfo<ModelFault>& info) { return info.param.name; });

TEST(BatcherTest, DoneCanSubmitAnotherJob) {
  Recorder recorder;
  Batcher batcher(OptionsOf(1), &recorder);
  const auto model = MakeModel();
  std::promise<std::future<Scores>> second;
  std::future<Scores> unused;
  std::vector<Job> jobs;
  jobs.push_back(MakeJob(model, 1, &unused));
  jobs.back().done = [&](const Scores&) { second.set_value(SubmitOne(&batcher, model, 2)); };
  ASSERT_THAT(Submit(&batcher, std::move(jobs)), IsOk());
  EXPECT_THAT(second.get_future().get().get(), IsOk());
}

}  // namespace
}  // namespace newsgenre
