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

// Runs before a capture. They load the kernels and let cuBLAS allocate its workspace, which is not possible
// during a capture.
constexpr int kWarmUpRuns = 2;

class CudaStream : public DeviceStream {
 public:
  explicit CudaStream(c10::Device device)
      : stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index())),
        pool_(at::cuda::graph_pool_handle()) {
    // The caller's stream may still be copying the weights, and this stream does not wait for it.
    c10::cuda::getCurrentCUDAStream(device.index()).synchronize();
  }

  c10::Device device() const override { return stream_.device(); }

  void RunAndWait(const Work& body) override {
    const c10::cuda::CUDAStreamGuard guard(stream_);
    try {
      body();
    } catch (...) {
      // The work started so far still uses the caller's buffers. If it fails too, the next call reports it.
      static_cast<void>(cudaStreamSynchronize(stream_));
      throw;
    }
    done_.record(stream_);
    done_.synchronize();
  }

  absl::StatusOr<Work> Capture(const Work& work) override {
    for (int i = 0; i < kWarmUpRuns; ++i) work();
    stream_.synchronize();
    const auto graph = std::make_shared<at::cuda::CUDAGraph>();
    // Thread-local, because other threads may use the GPU meanwhile.
    graph->capture_begin(pool_, cudaStreamCaptureModeThreadLocal);
    const absl::Status captured = CatchTorch([&] {
      work();
      return absl::OkStatus();
    });
    // Ends the capture after an error too, because the stream accepts no other work until then.
    const absl::Status ended = CatchTorch([&] {
      graph->capture_end();
      return absl::OkStatus();
    });
    RETURN_IF_ERROR(captured);
    RETURN_IF_ERROR(ended);
    return Work([graph] { graph->replay(); });
  }

 private:
  const c10::cuda::CUDAStream stream_;
  const at::cuda::MempoolId_t pool_;
  // Blocking, so that the waiting CPU sleeps instead of spinning.
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
