// Blocks a fake model, so that a test can inspect waiting jobs.
#pragma once

#include <atomic>
#include <future>
#include <utility>
#include <vector>

#include "tests/support/fake_model.h"

namespace newsgenre {

// Blocks the first Predict call of a model until Open. Jobs submitted in between wait in the queue.
// Thread-safe.
class Gate {
 public:
  // Returns a function that passes the gate and then calls `predict`.
  FakeModel::PredictFunction Guard(FakeModel::PredictFunction predict) {
    return [this, predict = std::move(predict)](const std::vector<const Encoding*>& batch) {
      if (!reached_flag_.test_and_set()) {
        reached_.set_value();
        opened_.get_future().wait();
      }
      return predict(batch);
    };
  }
  // Blocks until the first call has reached the gate. Call it at most once.
  void WaitUntilReached() { reached_.get_future().wait(); }
  void Open() { opened_.set_value(); }

 private:
  std::atomic_flag reached_flag_ = ATOMIC_FLAG_INIT;
  std::promise<void> reached_, opened_;
};

}  // namespace newsgenre
