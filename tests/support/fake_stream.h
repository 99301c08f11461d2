// A DeviceStream on the CPU, which runs work at once and replays a capture by running it again.
#pragma once

#include "common/inference/cuda_stream.h"

namespace newsgenre {

// Counts the calls, and selects failures to simulate. Owned by the test.
struct StreamCounts {
  int finished = 0;
  int captured = 0;
  int replayed = 0;
  bool refuse = false;  // Capture fails
  bool stale = false;   // a replay does nothing
};

class FakeStream : public DeviceStream {
 public:
  explicit FakeStream(StreamCounts* counts) : counts_(counts) {}

  c10::Device device() const override { return c10::kCPU; }
  void RunAndWait(const Work& body) override {
    body();
    ++counts_->finished;
  }
  absl::StatusOr<Work> Capture(const Work& work) override {
    if (counts_->refuse) return absl::ResourceExhaustedError("no memory for a graph");
    work();
    ++counts_->captured;
    return Work([this, work] {
      ++counts_->replayed;
      if (!counts_->stale) work();
    });
  }

 private:
  StreamCounts* const counts_;
};

}  // namespace newsgenre
