// Holds a fake model, so that a test can look at what waits.
#pragma once

#include <atomic>
#include <future>
#include <utility>
#include <vector>

#include "tests/support/fake_model.h"

namespace newsgenre {

// Holds the first call of a model until Open: jobs that are submitted in between wait together.
class Gate {
 public:
  FakeModel::PredictFunction Before(FakeModel::PredictFunction predict) {
    return [this, predict = std::move(predict)](const std::vector<const Encoding*>& batch) {
      if (!reached_flag_.test_and_set()) {
        reached_.set_value();
        opened_.get_future().wait();
      }
      return predict(batch);
    };
  }
  void WaitUntilReached() { reached_.get_future().wait(); }
  void Open() { opened_.set_value(); }

 private:
  std::atomic_flag reached_flag_ = ATOMIC_FLAG_INIT;
  std::promise<void> reached_, opened_;
};

}  // namespace newsgenre
