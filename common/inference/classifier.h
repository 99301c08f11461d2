// What serves: a checkpoint on a device. This header shows no torch.
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

// Which ways through the network may serve.
enum class ServingPath {
  kBest,   // the fastest that agrees with the plain one
  kEager,  // as kBest, but nothing recorded ahead (CUDA graphs); for comparisons
  kPlain,  // Albert::Logits in fp32; for comparisons
};

struct ClassifierOptions {
  std::string device = "auto";     // as in ParseDevice
  std::string precision = "auto";  // as in ParsePrecision
  int workers = 1;                 // threads that will call Predict at once
  ServingPath path = ServingPath::kBest;
  bool check = true;  // false: `path` serves unchecked, and nothing else does; for comparisons
};

// Owns the weights on the device. Immutable after Load: any thread; torch makes one OpenMP team for each
// thread that calls Predict, so let few threads do it.
class Classifier {
 public:
  // `path`: a model folder with CURRENT, one release, or a plain Hugging Face folder. The plain fp32 path on
  // the CPU is held against the manifest's canaries: FAILED_PRECONDITION where a probability is off by more
  // than 1e-3. What it says of them and of a few built-in texts is what the path that serves is held against
  // (Tolerance); one that drifts or fails is refused, which is logged, and the next plainer one serves.
  static absl::StatusOr<std::unique_ptr<Classifier>> Load(const std::string& path,
                                                          const ClassifierOptions& options);
  ~Classifier();

  const TextEncoder& encoder() const;
  const v1::Manifest& manifest() const;
  // As taken: "cpu", "cuda:0".
  const std::string& device() const;
  // Of the path that serves.
  Precision precision() const;
  // Of the path that serves, where it has a choice: the engine on the CPU.
  const std::vector<KernelChoice>& kernels() const;

  // softmax(logits): for each text one probability a label, in the manifest's label order. An error is
  // INTERNAL or RESOURCE_EXHAUSTED (device memory). The batch may hold any number of texts from 1 on.
  absl::StatusOr<ProbabilityRows> Predict(const std::vector<const Encoding*>& batch) const;

 private:
  struct Impl;
  explicit Classifier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace newsgenre
