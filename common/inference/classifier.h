// Serves a checkpoint on a device. This header does not include torch.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/device/precision.h"
#include "common/kernels/kernel_choice.h"
#include "common/text/probabilities.h"
#include "common/text/text_encoder.h"
#include "newsgenre/v1/manifest.pb.h"

namespace newsgenre {

// The execution paths that can serve.
enum class ServingPath {
  kBest,   // the fastest that agrees with the plain path
  kEager,  // the same without CUDA graphs; for comparisons
  kPlain,  // Albert::Logits in fp32; for comparisons
};

struct ClassifierOptions {
  std::string device = "auto";     // as in ParseDevice
  std::string precision = "auto";  // as in ParsePrecision
  int workers = 1;                 // threads that call Predict at once
  ServingPath path = ServingPath::kBest;
  bool check = true;  // if false, `path` serves without a check and without a fallback; for comparisons
  // The kernels to use on the CPU: kernels() of an earlier classifier with the same sizes and precision, so
  // that a reload does not time them again. Load times the kernels of linear maps that are not listed.
  std::vector<KernelChoice> kernels = {};
};

// Owns the weights on the device. Immutable; safe to use from any thread. torch starts one OpenMP team for
// each thread that calls Predict, so call it from few threads.
class Classifier {
 public:
  // Loads a model folder with CURRENT, one release, or a plain Hugging Face folder. Changes none of the
  // process's settings, such as its threads, so that other classifiers can serve meanwhile.
  //
  // Compares the plain fp32 path on the CPU with the manifest's canaries, and returns FAILED_PRECONDITION if
  // a probability differs by more than 1e-3. Compares the faster paths with the plain one, on the canaries
  // and on ProbeTexts(). A path that exceeds Tolerance, or fails, is refused and logged, and the next plainer
  // one serves. Returns LoadCheckpoint's errors, and INVALID_ARGUMENT or FAILED_PRECONDITION if the device or
  // the precision is not available.
  static absl::StatusOr<std::unique_ptr<Classifier>> Load(const std::string& path,
                                                          const ClassifierOptions& options);
  ~Classifier();

  const TextEncoder& encoder() const;
  const v1::Manifest& manifest() const;
  // The device in use: "cpu", "cuda:0".
  const std::string& device() const;
  // The precision of the path that serves.
  Precision precision() const;
  // The kernel of each linear map, or nothing if the path that serves has no choice of kernels.
  const std::vector<KernelChoice>& kernels() const;

  // Returns softmax(logits): for each text one probability per label, in the manifest's label order. `batch`
  // has at least one text. Returns INTERNAL, or RESOURCE_EXHAUSTED if the device has too little memory.
  absl::StatusOr<ProbabilityRows> Predict(const std::vector<const Encoding*>& batch) const;

 private:
  struct Impl;
  explicit Classifier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace newsgenre
