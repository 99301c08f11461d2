// An HTTP server under load.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
#include "tests/bench/load_generator/target.h"

namespace newsgenre {

// POST /predict with {"text": …} over HTTP/1.1; connections are kept and reused, as many as calls are under
// way. An answer is good where its status is 200 and it has a body. One thread drives libcurl.
class HttpTarget : public Target {
 public:
  // `listener` outlives the target.
  HttpTarget(const std::string& address, const std::vector<std::string>& texts, Listener* listener);
  ~HttpTarget() override;

  void Send(size_t call, size_t text) override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Exchange;
  struct Started {
    size_t call;
    size_t text;
  };

  void Drive() ABSL_LOCKS_EXCLUDED(mutex_);
  // What was sent since it was last asked; false once the target ends.
  bool TakeStarted(std::vector<Started>* started) ABSL_LOCKS_EXCLUDED(mutex_);
  void Begin(const Started& started);
  void FinishDone();

  const std::string url_;
  Listener* const listener_;
  std::vector<std::string> bodies_;
  struct CurlMulti;
  std::unique_ptr<CurlMulti> curl_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;  // all that ever were; only the thread touches them
  std::vector<Exchange*> idle_;
  Mutex mutex_;
  std::vector<Started> started_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread driver_;
};

}  // namespace newsgenre
