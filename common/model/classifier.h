// What serves: a checkpoint on a device. This header shows no torch.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/text/text_encoder.h"
#include "newsgenre/v1/manifest.pb.h"

namespace newsgenre {

// Owns the weights on the device. Immutable after Load: any thread; torch makes one OpenMP team for each
// thread that calls Probabilities, so let few threads do it.
class Classifier {
 public:
  // `path`: a model folder with CURRENT, one release, or a plain Hugging Face folder. `device` as in
  // ParseDevice. Runs the manifest's canaries through the path that will serve; FAILED_PRECONDITION where one
  // drifts by more than 1e-3.
  static absl::StatusOr<std::unique_ptr<Classifier>> Load(const std::string& path, const std::string& device);
  ~Classifier();

  const TextEncoder& encoder() const;
  const v1::Manifest& manifest() const;
  // As taken: "cpu", "cuda:0".
  const std::string& device() const;

  // softmax(logits): for each text one probability a label, in the manifest's label order. An error is
  // INTERNAL or RESOURCE_EXHAUSTED (device memory). The batch may hold any number of texts from 1 on.
  absl::StatusOr<std::vector<std::vector<float>>> Probabilities(
      const std::vector<const Encoding*>& batch) const;

 private:
  struct Impl;
  explicit Classifier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace newsgenre
