#include "common/inference/cuda_stream.h"

#include "common/device/device.h"

#ifdef NEWSGENRE_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "common/base/status_macros.h"
#endif

namespace newsgenre {

#ifdef NEWSGENRE_CUDA

namespace {

// Before a capture: they load kernels and make cuBLAS choose and take its workspace, none of which a capture
// allows.
constexpr int kWarmUpRuns = 2;

class CudaStream : public DeviceStream {
 public:
  explicit CudaStream(c10::Device device)
      : stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index())),
        pool_(at::cuda::graph_pool_handle()) {
    // The weights may still be on their way on the caller's stream, for which this one does not wait.
    c10::cuda::getCurrentCUDAStream(device.index()).synchronize();
  }

  c10::Device device() const override { return stream_.device(); }

  void Finish(const Run& body) override {
    const c10::cuda::CUDAStreamGuard guard(stream_);
    try {
      body();
    } catch (...) {
      // What was started still reads the caller's buffers. An error of its own comes up in the next call.
      static_cast<void>(cudaStreamSynchronize(stream_));
      throw;
    }
    done_.record(stream_);
    done_.synchronize();
  }

  absl::StatusOr<Run> Record(const Run& run) override {
    for (int i = 0; i < kWarmUpRuns; ++i) run();
    stream_.synchronize();
    const auto graph = std::make_shared<at::cuda::CUDAGraph>();
    // Thread-local: meanwhile another model may serve on other threads.
    graph->capture_begin(pool_, cudaStreamCaptureModeThreadLocal);
    const absl::Status captured = CatchTorch([&] {
      run();
      return absl::OkStatus();
    });
    // Also after an error: until then the stream takes no other work.
    const absl::Status ended = CatchTorch([&] {
      graph->capture_end();
      return absl::OkStatus();
    });
    RETURN_IF_ERROR(captured);
    RETURN_IF_ERROR(ended);
    return Run([graph] { graph->replay(); });
  }

 private:
  const c10::cuda::CUDAStream stream_;
  const at::cuda::MempoolId_t pool_;
  // Blocking: the CPU that waits sleeps, and does not spin.
  c10::cuda::CUDAEvent done_{cudaEventDisableTiming | cudaEventBlockingSync};
};

}  // namespace

absl::StatusOr<std::unique_ptr<DeviceStream>> MakeCudaStream(c10::Device device) {
  std::unique_ptr<DeviceStream> stream;
  RETURN_IF_ERROR(CatchTorch([&] {
    stream = std::make_unique<CudaStream>(device);
    return absl::OkStatus();
  }));
  return stream;
}

#else

absl::StatusOr<std::unique_ptr<DeviceStream>> MakeCudaStream(c10::Device) {
  return absl::InternalError("this program was built without CUDA");
}

#endif

}  // namespace newsgenre
