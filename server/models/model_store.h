// Which model serves now.
#pragma once

#include <memory>

#include "common/base/mutex.h"
#include "server/models/model.h"

namespace newsgenre {

// Any thread. A job keeps the model that encoded it: a replacement never disturbs what is under way.
class ModelStore {
 public:
  // nullptr before the first Replace.
  std::shared_ptr<const Model> Current() const {
    MutexLock lock(&mutex_);
    return current_;
  }
  void Replace(std::shared_ptr<const Model> model) {
    MutexLock lock(&mutex_);
    current_.swap(model);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Model> current_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace newsgenre
