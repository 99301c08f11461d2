#include "tests/bench/load_generator/load.h"

#include <thread>

#include "gmock/gmock.h"
#include "tests/bench/load_generator/arrivals.h"

namespace newsgenre {
namespace {

using testing::Each;
using testing::Pair;
using testing::UnorderedElementsAre;

// Finishes calls one after another on its own thread, with the outcome that `outcome_of` returns for the
// call's number.
class FakeTarget : public Target {
 public:
  enum Outcome { kOk, kFail, kSilence };
  using OutcomeFunction = std::function<Outcome(size_t call)>;

  FakeTarget(Listener* listener, OutcomeFunction outcome_of)
      : listener_(listener), outcome_of_(std::move(outcome_of)), thread_([this] { Run(); }) {}
  ~FakeTarget() override {
    {
      MutexLock lock(&mutex_);
      stopping_ = true;
    }
    sent_.NotifyAll();
    thread_.join();
  }

  void Send(size_t call, size_t text) override {
    {
      MutexLock lock(&mutex_);
      waiting_.push_back(call);
      most_waiting_ = std::max(most_waiting_, waiting_.size());
    }
    sent_.NotifyAll();
  }

  size_t most_waiting() {
    MutexLock lock(&mutex_);
    return most_waiting_;
  }

 private:
  void Run() {
    for (;;) {
      size_t call = 0;
      {
        MutexLock lock(&mutex_);
        while (waiting_.empty() && !stopping_) sent_.Wait(&mutex_);
        if (stopping_) return;
        call = waiting_.front();
        waiting_.erase(waiting_.begin());
      }
      const Outcome outcome = outcome_of_(call);
      if (outcome == kSilence) continue;
      listener_->OnFinished(call, outcome == kOk ? absl::OkStatus() : absl::UnavailableError("down"));
    }
  }

  Listener* const listener_;
  const OutcomeFunction outcome_of_;
  Mutex mutex_;
  CondVar sent_;
  std::vector<size_t> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t most_waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

FakeTarget::Outcome AlwaysOk(size_t) { return FakeTarget::kOk; }

LoadOptions OpenLoop(double rate) {
  LoadOptions options;
  options.rate = rate;
  options.warmup_seconds = 0.02;
  options.seconds = 0.08;
  options.texts = 3;
  return options;
}

LoadOptions ClosedLoop(int callers) {
  LoadOptions options = OpenLoop(0);
  options.callers = callers;
  return options;
}

TEST(LoadTest, AnOpenLoopSendsEveryArrival) {
  Load load(OpenLoop(5000));
  FakeTarget target(&load, AlwaysOk);
  load.Run(&target);
  const std::vector<double> arrivals = PoissonArrivals(5000, 0.1, LoadOptions().seed);
  const std::vector<Call> calls = load.calls();
  ASSERT_EQ(calls.size(), arrivals.size());
  for (size_t i = 0; i < calls.size(); ++i) {
    EXPECT_EQ(calls[i].scheduled, arrivals[i]);
    EXPECT_EQ(calls[i].text, i % 3);
    EXPECT_GE(calls[i].sent, calls[i].scheduled);
    EXPECT_GE(calls[i].finished, calls[i].sent);
    EXPECT_TRUE(calls[i].ok);
  }
  EXPECT_TRUE(load.window().open_loop);
}

TEST(LoadTest, AnOpenLoopDoesNotWaitForResponses) {
  LoadOptions options = OpenLoop(2000);
  options.grace_seconds = 0;
  Load load(options);
  FakeTarget target(&load, [](size_t) { return FakeTarget::kSilence; });
  load.Run(&target);
  const Results results = Measure(load.calls(), load.window());
  EXPECT_EQ(results.sent, PoissonArrivals(2000, 0.1, LoadOptions().seed).size());
  EXPECT_EQ(results.ok + results.failed, 0u);
  EXPECT_EQ(results.unfinished, results.measured.size());
  EXPECT_GT(results.unfinished, 0u);
}

TEST(LoadTest, CountsFailedAndUnfinishedCalls) {
  LoadOptions options = OpenLoop(2000);
  options.grace_seconds = 0.01;
  Load load(options);
  FakeTarget target(&load, [](size_t call) { return static_cast<FakeTarget::Outcome>(call % 3); });
  load.Run(&target);
  const std::vector<Call> calls = load.calls();
  for (size_t i = 0; i < calls.size(); ++i) {
    // Any call can be pending when the grace period ends.
    const bool is_finished = calls[i].finished != kNever;
    EXPECT_EQ(calls[i].ok, is_finished && i % 3 == FakeTarget::kOk) << i;
    EXPECT_FALSE(is_finished && i % 3 == FakeTarget::kSilence) << i;
  }
  const Results results = Measure(calls, load.window());
  EXPECT_EQ(results.ok + results.failed + results.unfinished, results.measured.size());
  EXPECT_GT(results.failed, 0u);
  EXPECT_GT(results.unfinished, 0u);
  EXPECT_THAT(load.errors(), UnorderedElementsAre(Pair("UNAVAILABLE: down", testing::Gt(0u))));
}

TEST(LoadTest, AClosedLoopKeepsOneCallPerCallerPending) {
  Load load(ClosedLoop(4));
  FakeTarget target(&load, AlwaysOk);
  load.Run(&target);
  EXPECT_GT(load.calls().size(), 4u) << "each caller sends more than one call";
  EXPECT_LE(target.most_waiting(), 4u);
  std::vector<bool> finished;
  for (const Call& call : load.calls()) finished.push_back(call.ok);
  EXPECT_THAT(finished, Each(true)) << "Run waits for the pending calls";
  EXPECT_FALSE(load.window().open_loop);
}

TEST(LoadTest, AClosedLoopCountsCallsWithoutAResponse) {
  LoadOptions options = ClosedLoop(5);
  options.grace_seconds = 0;
  Load load(options);
  FakeTarget target(&load, [](size_t) { return FakeTarget::kSilence; });
  load.Run(&target);
  EXPECT_EQ(load.calls().size(), 5u);
  EXPECT_EQ(Measure(load.calls(), load.window()).unfinished, 5u);
}

TEST(LoadTest, StopsAfterTooManyFailures) {
  LoadOptions options = ClosedLoop(2);
  options.seconds = 0.5;
  Load load(options);
  FakeTarget target(&load, [](size_t) { return FakeTarget::kFail; });
  load.Run(&target);
  EXPECT_LE(load.calls().size(), Load::kMaxFailures + 1);
}

}  // namespace
}  // namespace newsgenre
