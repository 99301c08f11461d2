// train_bench: newsgenre's worker of train_bench.py, which trains on batches on request.
//   train_bench MODEL_FOLDER PRECISION THREADS IDS_JSON
//     IDS_JSON is a file with a list of texts, each a list of token ids; text i has label i mod 4. Prints
//     {"kernels": …, "batches": [[indexes]…]} on stdout, where the batches are an epoch as the trainer plans
//     it by default. Then reads requests {"batches": [[indexes]…]} from stdin, one per line, makes a step
//     with each batch, and responds with {"seconds": …, "losses": […]}. The steps use the trainer's AdamW
//     with its default weight decay and clipping, at a constant learning rate of 1e-5.
#include <ATen/core/Tensor.h>

#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/base/runtime_settings.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/checkpoint.h"
#include "common/device/cpu_threads.h"
#include "common/device/device.h"
#include "nlohmann/json.hpp"
#include "trainer/data/device_dataset.h"
#include "trainer/data/epoch_plan.h"
#include "trainer/network/optimizer.h"
#include "trainer/network/training_network.h"
#include "trainer/run/config.h"

namespace newsgenre {
namespace {

using Json = nlohmann::json;

constexpr double kLearningRate = 1e-5;
constexpr int kLabels = 4;

absl::StatusOr<Dataset> ReadTexts(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  Dataset texts;
  for (const Json& ids : Json::parse(bytes)) {
    const auto row = static_cast<int>(texts.size());
    texts.Add({ids.get<std::vector<int32_t>>()}, row % kLabels, row + 1);
  }
  return texts;
}

// Makes one step as the trainer does, and returns the mean loss of the batch.
double Step(const LabelledBatch& batch, TrainingNetwork* network, Optimizer* optimizer) {
  network->ZeroGradients();
  const double weight = 1.0 / static_cast<double>(batch.texts.texts());
  const BatchResult result = network->AccumulateGradients(batch.texts, {batch.labels}, weight);
  optimizer->Step(kLearningRate, network->gradients(), network->WordRowsWithGradients());
  network->Refresh();
  return result.loss.item<double>() * weight;
}

Json Respond(const DeviceDataset& texts, const Json& request, TrainingNetwork* network,
             Optimizer* optimizer) {
  std::vector<double> losses;
  const auto start = std::chrono::steady_clock::now();
  for (const RowBatch& rows : request.at("batches").get<std::vector<RowBatch>>()) {
    losses.push_back(Step(texts.Batch(rows), network, optimizer));
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return {{"seconds", seconds.count()}, {"losses", losses}};
}

absl::Status Serve(const Dataset& data, const Checkpoint& checkpoint, at::ScalarType type) {
  const OptimizerConfig config;
  const DeviceDataset texts(data, c10::kCPU);
  TrainingNetwork network(checkpoint.model, c10::kCPU, type);
  Optimizer optimizer(network.parameters(), {config.weight_decay, config.clip_norm});
  const std::vector<RowBatch> plan =
      PlanEpoch(data.Lengths(), {config.batch_tokens, config.batch_texts}, RunConfig().seed, /*epoch=*/0);
  std::cout << Json{{"kernels", network.kernels()}, {"batches", plan}} << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << Respond(texts, Json::parse(line), &network, &optimizer) << std::endl;
  }
  return absl::OkStatus();
}

absl::Status Run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 4 || (arguments[1] != "fp32" && arguments[1] != "bf16")) {
    return absl::InvalidArgumentError("usage: train_bench MODEL_FOLDER fp32|bf16 THREADS IDS_JSON");
  }
  SetCpuThreads(std::stoi(arguments[2]));
  ASSIGN_OR_RETURN(const Dataset texts, ReadTexts(arguments[3]));
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, LoadCheckpoint(arguments[0]));
  const at::ScalarType type = arguments[1] == "bf16" ? at::kBFloat16 : at::kFloat;
  return CatchTorch([&] { return Serve(texts, checkpoint, type); });
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  newsgenre::ReexecWithRuntimeSettings(argv, newsgenre::FreedMemory::kKept);
  const absl::Status status = newsgenre::Run({argv + 1, argv + argc});
  if (!status.ok()) std::cerr << status << '\n';
  return status.ok() ? 0 : 1;
}
