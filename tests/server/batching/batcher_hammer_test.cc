// Runs everything concurrently, for ThreadSanitizer: many submitters, cancelled and expired jobs, failing
// models, replacements of the model, and Drain while jobs still arrive.
#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "server/batching/batcher.h"
#include "server/models/model_store.h"
#include "tests/support/fake_model.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

constexpr int kSubmitters = 6;
constexpr int kAcceptedBeforeDrain = 30000;

enum Kind : int32_t { kGood, kFails, kThrows, kTooFewRows, kKinds };

// A model whose encodings have the ids {model number, job kind, payload} and whose rows are {number,
// payload}.
std::shared_ptr<const Model> MakeModel(int32_t number, std::atomic<int>* mixed_batches) {
  auto predict = [=](const std::vector<const Encoding*>& batch) -> absl::StatusOr<ProbabilityRows> {
    ProbabilityRows rows;
    rows.reserve(batch.size());
    for (const Encoding* encoding : batch) {
      if (encoding->ids[0] != number) ++*mixed_batches;
      if (encoding->ids[1] == kFails) return absl::InternalError("failed");
      if (encoding->ids[1] == kThrows) throw std::runtime_error("thrown");
      if (encoding->ids[1] == kTooFewRows) return ProbabilityRows();
      rows.push_back({static_cast<float>(number), static_cast<float>(encoding->ids[2])});
    }
    return rows;
  };
  return std::make_shared<const FakeModel>(std::to_string(number), predict, BatchLimits{8, 20});
}

class QueueObserver : public BatchObserver {
 public:
  void OnQueueChange(int64_t delta_texts) override {
    if ((queued += delta_texts) < 0) ++negative;
  }
  void OnQueueWaits(const Durations&) override {}
  void OnBatch(int64_t, int64_t) override {}
  void OnReplies(const Durations&) override {}
  std::atomic<int64_t> queued{0};
  std::atomic<int> negative{0};
};

// The outcome of one job. Written by `done`, read after all threads have ended.
struct Outcome {
  bool accepted = false;
  std::atomic<int> calls{0};
  std::atomic<int> wrong_rows{0};
  std::atomic<int> unexpected_errors{0};
  std::atomic<absl::StatusCode> code{absl::StatusCode::kUnknown};
};

// Submits jobs on one thread and owns their outcomes.
class Submitter {
 public:
  Submitter(int seed, Batcher* batcher, ModelStore* store, std::atomic<int>* accepted)
      : random_(seed), batcher_(batcher), store_(store), accepted_(accepted) {}

  // Submits jobs until the batcher drains.
  void Run() {
    for (;;) {
      const size_t first = outcomes_.size();
      const absl::Status status = Submit();
      if (absl::IsUnavailable(status)) return;
      if (!status.ok()) {
        std::this_thread::yield();
        continue;
      }
      for (size_t i = first; i < outcomes_.size(); ++i) outcomes_[i].accepted = true;
      *accepted_ += static_cast<int>(outcomes_.size() - first);
      if (last_cancel_ != nullptr && random_() % 2 == 0) last_cancel_->store(true);
    }
  }
  const std::deque<Outcome>& outcomes() const { return outcomes_; }

 private:
  // Sometimes reserves more places than it uses.
  absl::Status Submit() {
    std::vector<Job> jobs = MakeJobs();
    absl::StatusOr<Batcher::QueueReservation> reservation =
        batcher_->Reserve(static_cast<int64_t>(jobs.size()) + static_cast<int64_t>(random_() % 3));
    if (!reservation.ok()) return reservation.status();
    return batcher_->Submit(*std::move(reservation), std::move(jobs));
  }

  std::vector<Job> MakeJobs() {
    last_cancel_ = random_() % 4 == 0 ? std::make_shared<std::atomic<bool>>(false) : nullptr;
    std::vector<Job> jobs(1 + random_() % 5);
    for (Job& job : jobs) job = MakeJob();
    return jobs;
  }

  Job MakeJob() {
    const auto model = store_->Current();
    const int32_t number = std::stoi(model->info().version);
    const int32_t kind = random_() % 20 == 0 ? 1 + static_cast<int32_t>(random_() % (kKinds - 1)) : kGood;
    const int32_t payload = static_cast<int32_t>(random_() % 1000);
    Job job;
    job.model = model;
    job.encoding.ids = {number, kind, payload};
    const int deadline = static_cast<int>(random_() % 10);
    if (deadline == 0) job.deadline = Job::Clock::now();
    if (deadline == 1) job.deadline = Job::Clock::now() + std::chrono::microseconds(random_() % 2000);
    if (last_cancel_ != nullptr) job.cancelled = [cancel = last_cancel_] { return cancel->load(); };
    Outcome* outcome = &outcomes_.emplace_back();
    const bool may_be_discarded = deadline <= 1 || last_cancel_ != nullptr;
    job.done = [=](absl::StatusOr<Probabilities> scores) {
      ++outcome->calls;
      outcome->code = scores.status().code();
      if (scores.ok()) {
        const std::vector<float> expected = {static_cast<float>(number), static_cast<float>(payload)};
        if (kind != kGood || *scores != expected) ++outcome->wrong_rows;
      } else if (absl::IsInternal(scores.status()) ? kind == kGood : !may_be_discarded) {
        ++outcome->unexpected_errors;
      }
    };
    return job;
  }

  std::mt19937 random_;
  Batcher* batcher_;
  ModelStore* store_;
  std::atomic<int>* accepted_;
  std::shared_ptr<std::atomic<bool>> last_cancel_;  // cancels the last jobs; null if they are not cancellable
  std::deque<Outcome> outcomes_;
};

TEST(BatcherHammerTest, EveryAcceptedJobIsDoneOnceWithItsOwnResult) {
  std::atomic<int> mixed_batches{0}, accepted{0};
  std::atomic<bool> stop{false};
  ModelStore store;
  store.Replace(MakeModel(0, &mixed_batches));
  QueueObserver observer;
  Batcher::Options options;
  options.workers = 3;
  options.max_queue_texts = 40;
  options.reply_threads = 2;
  Batcher batcher(options, &observer);

  std::deque<Submitter> submitters;
  std::vector<std::thread> threads;
  for (int i = 0; i < kSubmitters; ++i) {
    Submitter* submitter = &submitters.emplace_back(i, &batcher, &store, &accepted);
    threads.emplace_back([submitter] { submitter->Run(); });
  }
  std::thread replacer([&] {
    for (int32_t number = 1; !stop; ++number) {
      store.Replace(MakeModel(number, &mixed_batches));
      std::this_thread::yield();
    }
  });
  const auto warm_up = MakeModel(0, &mixed_batches);
  while (accepted < kAcceptedBeforeDrain) {
    EXPECT_THAT(batcher.WarmUp(*warm_up, {Encoding{{0, kGood, 0}}}), IsOk());
  }
  std::thread other_drain([&] { batcher.Drain(); });
  batcher.Drain();
  other_drain.join();
  for (std::thread& thread : threads) thread.join();
  stop = true;
  replacer.join();

  int done = 0;
  std::map<absl::StatusCode, int> codes;
  for (const Submitter& submitter : submitters) {
    for (const Outcome& outcome : submitter.outcomes()) {
      ASSERT_EQ(outcome.calls, outcome.accepted ? 1 : 0);
      ASSERT_EQ(outcome.wrong_rows, 0);
      ASSERT_EQ(outcome.unexpected_errors, 0);
      done += outcome.calls;
      ++codes[outcome.code];
    }
  }
  EXPECT_EQ(done, accepted);
  EXPECT_GE(done, kAcceptedBeforeDrain);
  for (const absl::StatusCode code : {absl::StatusCode::kOk, absl::StatusCode::kInternal,
                                      absl::StatusCode::kDeadlineExceeded, absl::StatusCode::kCancelled}) {
    EXPECT_GT(codes[code], 0) << absl::StatusCodeToString(code);
  }
  EXPECT_EQ(mixed_batches, 0);
  EXPECT_EQ(observer.queued, 0);
  EXPECT_EQ(observer.negative, 0);
}

}  // namespace
}  // namespace newsgenre
