// Load on an HTTP server.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
#include "tests/bench/load_generator/target.h"

namespace newsgenre {

// Sends POST /predict with {"text": …} over HTTP/1.1. Keeps one connection per pending call and reuses it. A
// call succeeds if the status is 200 and the response has a body. One thread runs libcurl.
class HttpTarget : public Target {
 public:
  // `listener` must outlive the target.
  HttpTarget(const std::string& address, const std::vector<std::string>& texts, Listener* listener);
  ~HttpTarget() override;

  void Send(size_t call, size_t text) override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Exchange;
  struct QueuedCall {
    size_t call;
    size_t text;
  };

  // The main function of the thread.
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // Moves the queued calls to `calls`. Returns false if the target is stopping.
  bool TakeQueuedCalls(std::vector<QueuedCall>* calls) ABSL_LOCKS_EXCLUDED(mutex_);
  void Begin(const QueuedCall& queued);
  // Reports the calls that libcurl has completed.
  void ReportCompleted();

  const std::string url_;
  Listener* const listener_;
  std::vector<std::string> bodies_;
  struct CurlMulti;
  std::unique_ptr<CurlMulti> curl_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;  // used by the thread only
  std::vector<Exchange*> idle_;                       // exchanges without a call
  Mutex mutex_;
  std::vector<QueuedCall> queued_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace newsgenre
