// Computes this project's results for compare_albert.py, from files that transformers reads and writes, too.
//   albert_forward compute MODEL_FOLDER BATCH_JSON OUT_SAFETENSORS HEAD
//     BATCH_JSON is {"texts": [[ids]…], "labels": [numbers]}. Writes "logits"; "gradient.NAME", the gradients
//     of the mean cross-entropy; "alone" and "grouped", the probabilities in batches of one and of three
//     texts. "engine", "engine_alone" and "engine_grouped" are the same results of the serving network in
//     fp32.
//   albert_forward publish MODEL_DIR HEAD
//     Publishes the tests' tiny model and prints the release's folder.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/safetensors.h"
#include "common/device/device.h"
#include "common/inference/network.h"
#include "common/model/albert.h"
#include "nlohmann/json.hpp"
#include "tests/support/tiny_model.h"

namespace newsgenre {
namespace {

struct LabelledTexts {
  std::vector<Encoding> texts;
  at::Tensor labels;
};

absl::StatusOr<LabelledTexts> ReadTexts(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  const auto json = nlohmann::json::parse(bytes);
  LabelledTexts batch;
  for (const auto& ids : json.at("texts")) batch.texts.push_back({ids.get<std::vector<int32_t>>()});
  batch.labels = at::tensor(json.at("labels").get<std::vector<int64_t>>());
  return batch;
}

absl::StatusOr<Albert> ReadModel(const std::string& folder, Head head) {
  ASSIGN_OR_RETURN(const std::string json, ReadFile(folder + "/config.json"));
  ASSIGN_OR_RETURN(const AlbertConfig config, ParseAlbertConfig(json));
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(folder + "/model.safetensors"));
  ASSIGN_OR_RETURN(Safetensors file, ParseSafetensors(bytes));
  const auto classifier = file.tensors.find("classifier.bias");
  if (classifier == file.tensors.end()) return absl::NotFoundError("no classifier.bias");
  const int labels = static_cast<int>(classifier->second.numel());
  return Albert::FromTensors(config, head, labels, std::move(file.tensors));
}

PackedBatch Pack(const std::vector<Encoding>& texts, size_t start, size_t end) {
  std::vector<const Encoding*> pointers;
  for (size_t i = start; i < std::min(end, texts.size()); ++i) pointers.push_back(&texts[i]);
  return PackBatch(pointers, c10::kCPU);
}

at::Tensor ProbabilitiesInBatchesOf(size_t size, const Albert& model, const std::vector<Encoding>& texts) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> probabilities;
  for (size_t start = 0; start < texts.size(); start += size) {
    const at::Tensor logits = model.Logits(Pack(texts, start, start + size));
    probabilities.push_back(at::softmax(logits, -1));
  }
  return at::cat(probabilities);
}

at::Tensor NetworkLogits(const Network& network, const std::vector<Encoding>& texts, size_t batch_texts) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> logits;
  for (size_t start = 0; start < texts.size(); start += batch_texts) {
    logits.push_back(network.Logits(Pack(texts, start, start + batch_texts)));
  }
  return at::cat(logits);
}

absl::Status Compute(const std::string& folder, const std::string& batch_path, const std::string& out,
                     Head head) {
  ASSIGN_OR_RETURN(Albert model, ReadModel(folder, head));
  ASSIGN_OR_RETURN(const LabelledTexts batch, ReadTexts(batch_path));
  Safetensors result;
  result.tensors["alone"] = ProbabilitiesInBatchesOf(1, model, batch.texts);
  result.tensors["grouped"] = ProbabilitiesInBatchesOf(3, model, batch.texts);

  ASSIGN_OR_RETURN(const std::shared_ptr<const Network> network, MakeNetwork(model, Precision::kFp32));
  result.tensors["engine"] = NetworkLogits(*network, batch.texts, batch.texts.size());
  result.tensors["engine_alone"] = NetworkLogits(*network, batch.texts, 1).softmax(-1);
  result.tensors["engine_grouped"] = NetworkLogits(*network, batch.texts, 3).softmax(-1);

  model.SetRequiresGrad(true);
  const at::Tensor logits = model.Logits(Pack(batch.texts, 0, batch.texts.size()));
  at::cross_entropy_loss(logits, batch.labels).backward();
  result.tensors["logits"] = logits.detach();
  for (const auto& [name, parameter] : model.parameters()) {
    result.tensors["gradient." + name] = parameter.grad().contiguous();
  }
  return WriteFileAtomic(out, SerializeSafetensors(result));
}

absl::Status Publish(const std::string& model_dir, Head head) {
  TinyModelOptions options;
  options.head = head;
  ASSIGN_OR_RETURN(const std::string folder, PublishTinyModel(model_dir, options));
  std::cout << folder << std::endl;
  return absl::OkStatus();
}

absl::Status Run(const std::vector<std::string>& arguments) {
  const size_t count = arguments.size();
  if (count == 5 && arguments[0] == "compute") {
    ASSIGN_OR_RETURN(const Head head, ParseHead(arguments[4]));
    return CatchTorch([&] { return Compute(arguments[1], arguments[2], arguments[3], head); });
  }
  if (count == 3 && arguments[0] == "publish") {
    ASSIGN_OR_RETURN(const Head head, ParseHead(arguments[2]));
    return Publish(arguments[1], head);
  }
  return absl::InvalidArgumentError(
      "usage: albert_forward compute MODEL_FOLDER BATCH_JSON OUT_SAFETENSORS HEAD, or publish MODEL_DIR "
      "HEAD");
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  const absl::Status status = newsgenre::Run({argv + 1, argv + argc});
  if (!status.ok()) std::cerr << status << '\n';
  return status.ok() ? 0 : 1;
}
