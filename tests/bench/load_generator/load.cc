#include "tests/bench/load_generator/load.h"

#include <thread>

#include "tests/bench/load_generator/arrivals.h"

namespace newsgenre {

void Load::Run(Target* target) {
  target_ = target;
  start_ = Clock::now();
  if (options_.callers > 0) {
    RunClosedLoop();
  } else {
    RunOpenLoop();
  }
  Drain();
}

void Load::RunClosedLoop() {
  for (int i = 0; i < options_.callers; ++i) SendNext();
  std::this_thread::sleep_until(start_ + std::chrono::duration<double>(EndOfSending()));
}

void Load::SendNext() {
  size_t call = 0;
  {
    MutexLock lock(&mutex_);
    if (!sending_ || failures_ >= kMaxFailures) return;
    call = calls_.size();
    calls_.emplace_back();
    calls_[call].text = static_cast<uint32_t>(call % options_.texts);
    calls_[call].scheduled = calls_[call].sent = Now();
    ++pending_;
  }
  target_->Send(call, call % options_.texts);
}

void Load::RunOpenLoop() {
  const std::vector<double> arrivals = PoissonArrivals(options_.rate, EndOfSending(), options_.seed);
  {
    MutexLock lock(&mutex_);
    calls_.resize(arrivals.size());
    for (size_t i = 0; i < arrivals.size(); ++i) {
      calls_[i].text = static_cast<uint32_t>(i % options_.texts);
      calls_[i].scheduled = arrivals[i];
    }
  }
  for (size_t i = 0; i < arrivals.size(); ++i) {
    std::this_thread::sleep_until(start_ + std::chrono::duration<double>(arrivals[i]));
    {
      MutexLock lock(&mutex_);
      if (failures_ >= kMaxFailures) return;  // the remaining calls count as unfinished
      calls_[i].sent = Now();
      ++pending_;
    }
    target_->Send(i, i % options_.texts);
  }
}

void Load::OnFinished(size_t call, const absl::Status& status) {
  const double now = Now();
  {
    MutexLock lock(&mutex_);
    calls_[call].finished = now;
    calls_[call].ok = status.ok();
    if (!status.ok()) {
      ++failures_;
      ++errors_[status.ToString()];
    }
    if (--pending_ == 0 && !sending_) drained_.set_value();
  }
  if (options_.callers > 0) SendNext();
}

void Load::Drain() {
  {
    MutexLock lock(&mutex_);
    sending_ = false;
    if (pending_ == 0) return;
  }
  drained_.get_future().wait_for(std::chrono::duration<double>(options_.grace_seconds));
}

Window Load::window() const { return {options_.warmup_seconds, EndOfSending(), options_.callers == 0}; }

std::vector<Call> Load::calls() const {
  MutexLock lock(&mutex_);
  return calls_;
}

std::map<std::string, size_t> Load::errors() const {
  MutexLock lock(&mutex_);
  return errors_;
}

}  // namespace newsgenre
