// A DeviceStream on the CPU, where work is done at once and a recording is the run itself.
#pragma once

#include "common/inference/cuda_stream.h"

namespace newsgenre {

// Counts for the test that owns them.
struct StreamCounts {
  int finished = 0;
  int recorded = 0;
  int replayed = 0;
  bool refuse = false;  // Record fails
  bool stale = false;   // a recording does nothing when it is replayed
};

class FakeStream : public DeviceStream {
 public:
  explicit FakeStream(StreamCounts* counts) : counts_(counts) {}

  c10::Device device() const override { return c10::kCPU; }
  void Finish(const Run& body) override {
    body();
    ++counts_->finished;
  }
  absl::StatusOr<Run> Record(const Run& run) override {
    if (counts_->refuse) return absl::ResourceExhaustedError("no memory for a recording");
    run();
    ++counts_->recorded;
    return Run([this, run] {
      ++counts_->replayed;
      if (!counts_->stale) run();
    });
  }

 private:
  StreamCounts* const counts_;
};

}  // namespace newsgenre
