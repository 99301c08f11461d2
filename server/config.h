// What an operator may set.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "server/classifier/classifier_model.h"

namespace newsgenre {

struct ServerConfig {
  // HOST:PORT to serve gRPC on; port 0 takes a free one.
  std::string address = "0.0.0.0:50051";
  // HOST:PORT to serve Prometheus's /metrics on; port 0 takes a free one.
  std::string metrics_address = "0.0.0.0:9464";

  // A model folder with CURRENT, one release, or a plain Hugging Face folder of
  // AlbertForSequenceClassification.
  std::string model_dir;
  // "auto" (the first GPU, else the CPU), "cpu" or "cuda:N".
  std::string device = "auto";
  // What the model computes in: "auto" (bf16 where the device has it in hardware, else fp32), "fp32", "bf16",
  // "fp16" (GPU) or "int8" (CPU).
  std::string precision = "auto";
  // Tests every way through the model instead of serving it.
  bool self_test = false;

  // Bytes of a text, or of title and body together.
  int64_t max_text_bytes = 65536;
  // Texts of a BatchClassify call.
  int max_batch_texts = 256;
  // Texts that may wait for the model; a call that finds no room gets RESOURCE_EXHAUSTED. More absorbs longer
  // bursts, and makes the last in the queue wait longer.
  int max_queue_texts = 1024;

  // Threads that run the model, each on a batch of its own; 0 takes as many as the model's part of the work
  // keeps busy, measured at load, and one on a GPU.
  int workers = 0;
  // CPU threads for each of them; 0 measures at load how many are worth their CPUs.
  int threads_per_worker = 0;

  // Seconds that calls under way may take to finish after SIGTERM, before they are cancelled.
  int drain_seconds = 20;

  // The part that loading the model needs.
  ClassifierModelOptions ModelOptions() const;

  // INVALID_ARGUMENT names the first bad field, its value and the limit.
  absl::Status Validate() const;
};

}  // namespace newsgenre
