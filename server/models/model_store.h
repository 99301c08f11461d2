// The model that serves now.
#pragma once

#include <memory>

#include "common/base/mutex.h"
#include "server/models/model.h"

namespace newsgenre {

// Thread-safe. A job keeps the model that encoded it, so a replacement does not affect jobs that already
// exist.
class ModelStore {
 public:
  // Returns the current model, or nullptr before the first Replace.
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
