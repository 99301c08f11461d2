#include "trainer/flags.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"

using newsgenre::DataConfig;
using newsgenre::FinetuningConfig;
using newsgenre::ModelConfig;
using newsgenre::OptimizerConfig;
using newsgenre::RunConfig;

// Data
ABSL_FLAG(
    std::string, train, "",
    "File of labelled news to train on: AG News's CSV (\"class 1-4\",\"title\",\"description\") or JSON "
    "Lines ({\"text\": …} or {\"title\": …, \"body\": …}, and \"label\": a name or a number from 1). "
    "Required. pretrain: its texts are used in addition to --text, or alone.");
ABSL_FLAG(
    std::string, test, "",
    "File of labelled news, in a format of --train, to test the finished release on through the serving "
    "code; nothing is selected by it. Empty: no test. evaluate: the rows to classify; required.");
ABSL_FLAG(
    int64_t, validation_rows, DataConfig().validation_rows,
    "Number of rows of --train, drawn by --seed, that are not trained on; the epoch with the best result "
    "on them is kept. 0: a tenth of --train, at most 5,000. pretrain: number of texts that are held out "
    "for one evaluation at the end.");
ABSL_FLAG(int64_t, max_bad_rows, DataConfig().max_bad_rows,
          "Number of rows of a file that may be left out, with a log line, because they can't be read. With "
          "more bad rows the command fails and names each of them.");
ABSL_FLAG(std::vector<std::string>, text, {},
          "pretrain: comma-separated text files, plain or .xz, with one paragraph per line; empty lines are "
          "skipped. Required without --train.");

// Model
ABSL_FLAG(
    std::string, model_dir, "",
    "Folder for the release, the file CURRENT that names it, the report (report.html, .md, .json), the "
    "TensorBoard curves, and the state of an unfinished run. Required. pretrain: receives a Hugging Face "
    "folder (AlbertForMaskedLM) instead of a release. evaluate: the model, which can also be a single "
    "release or a Hugging Face folder.");
ABSL_FLAG(
    std::string, model_version, "",
    "Name of the release and of its folder in --model_dir. Empty: the UTC time, as in 20260131-120000.");
ABSL_FLAG(
    std::string, init_from, "",
    "Folder to start from: a release, a model folder with CURRENT, or a Hugging Face folder of an ALBERT "
    "(config.json, model.safetensors, spiece.model). The network and the vocabulary come from it; a "
    "missing head is initialized at random. Empty: from scratch.");
ABSL_FLAG(std::string, head, FinetuningConfig().classifier.head,
          "Network that maps the last layer's first token to logits: cls (one linear map) or pooler (linear, "
          "tanh, linear, as in AlbertForSequenceClassification).");
ABSL_FLAG(
    absl::optional<int>, max_tokens, absl::nullopt,
    absl::StrCat("Number of tokens of a text that the model reads, including [CLS] and [SEP]; longer texts "
                 "are truncated. From scratch this is also the network's number of positions. Default ",
                 ModelConfig().NewNetwork().max_position_embeddings,
                 ", or that of --init_from. pretrain: longer paragraphs are split into pieces instead."));
ABSL_FLAG(absl::optional<int>, vocab_size, absl::nullopt,
          absl::StrCat("Number of pieces of the vocabulary, which is trained on the training texts. Default ",
                       ModelConfig().NewNetwork().vocab_size, ". Not with --init_from."));
ABSL_FLAG(absl::optional<int>, embedding_size, absl::nullopt,
          absl::StrCat("Size of a token's embedding. Default ", ModelConfig().NewNetwork().embedding_size,
                       ". Not with --init_from."));
ABSL_FLAG(absl::optional<int>, hidden_size, absl::nullopt,
          absl::StrCat("Size of the hidden states. Default ", ModelConfig().NewNetwork().hidden_size,
                       ". Not with --init_from."));
ABSL_FLAG(absl::optional<int>, layers, absl::nullopt,
          absl::StrCat("Number of layers, which share their weights. Default ",
                       ModelConfig().NewNetwork().num_hidden_layers, ", or that of --init_from."));
ABSL_FLAG(absl::optional<int>, heads, absl::nullopt,
          absl::StrCat("Number of attention heads; must divide --hidden_size. Default ",
                       ModelConfig().NewNetwork().num_attention_heads, ". Not with --init_from."));
ABSL_FLAG(absl::optional<int>, intermediate_size, absl::nullopt,
          "Inner size of the feed-forward part. Default 4 * --hidden_size. Not with --init_from.");
ABSL_FLAG(
    absl::optional<double>, dropout, absl::nullopt,
    absl::StrCat("Fraction of embeddings, hidden states and attention weights that a training step drops. "
                 "Default ",
                 ModelConfig().NewNetwork().hidden_dropout_prob, ", or that of --init_from."));
ABSL_FLAG(absl::optional<double>, classifier_dropout, absl::nullopt,
          absl::StrCat("Dropout before the last linear map. Default ",
                       ModelConfig().NewNetwork().classifier_dropout_prob, ", or that of --init_from."));

// Optimization
ABSL_FLAG(double, learning_rate, OptimizerConfig().learning_rate,
          "Peak learning rate, to which the rate rises linearly during --warmup. The default suits a small "
          "network from scratch; a pre-trained network needs a lower rate (see deploy/recipes).");
ABSL_FLAG(double, warmup, OptimizerConfig().warmup, "Fraction of all steps, 0 to 1.");
ABSL_FLAG(std::string, schedule, OptimizerConfig().schedule,
          "Learning rate after the warm-up: linear (falls to 0 at the end of the last step) or constant.");
ABSL_FLAG(double, weight_decay, OptimizerConfig().weight_decay,
          "Decoupled weight decay of AdamW per step, times the learning rate. Biases and layer norms don't "
          "decay. 0: plain Adam.");
ABSL_FLAG(double, clip_norm, OptimizerConfig().clip_norm,
          "Largest norm of all gradients together; larger gradients are scaled down to it. 0: no clipping.");
ABSL_FLAG(int, epochs, OptimizerConfig().epochs,
          "Number of passes over the training rows, or over pretrain's texts.");
ABSL_FLAG(
    double, token_dropout, FinetuningConfig().token_dropout,
    "Fraction of a text's tokens that a training step replaces by [MASK], drawn anew in every step; 0 to "
    "0.99. Helps with few texts.");
ABSL_FLAG(int64_t, batch_tokens, OptimizerConfig().batch_tokens, "Most tokens of a training step.");
ABSL_FLAG(int64_t, batch_texts, OptimizerConfig().batch_texts, "Most texts of a training step.");

// Run
ABSL_FLAG(
    uint64_t, seed, RunConfig().seed,
    "Seed of the split, the order, the first weights, the dropout and pretrain's masks. On a CPU the same "
    "seed, flags, machine and number of threads give the same result to the bit.");
ABSL_FLAG(std::string, device, RunConfig().device,
          "cpu, cuda:N, or auto: the first GPU if there is one, otherwise the CPU.");
ABSL_FLAG(
    std::string, precision, RunConfig().precision,
    "Precision of the matrix products and activations; in training the weights are fp32. fp32, bf16, or "
    "auto: bf16 if the device multiplies it in hardware, otherwise fp32. evaluate also takes fp16 (GPU) "
    "and int8 (CPU), and its auto is fp32.");
ABSL_FLAG(int, threads, RunConfig().threads, "CPU threads. 0: one per CPU.");
ABSL_FLAG(
    int64_t, micro_batch_tokens, RunConfig().micro_batch_tokens,
    "Most tokens that pass through the network at once; a larger batch passes in parts whose gradients are "
    "added. Halved when memory runs out.");
ABSL_FLAG(bool, resume, RunConfig().resume,
          "Continue from the state that a stopped or killed run with the same flags and data left in "
          "--model_dir; on a CPU the result is the same to the bit. Without a state the run starts at its "
          "beginning.");
ABSL_FLAG(double, save_minutes, RunConfig().save_minutes,
          "Minutes between two saved states; a state is also saved when the run is stopped. 0: not by time.");
ABSL_FLAG(int64_t, save_steps, RunConfig().save_steps, "Steps between two saved states. 0: not by steps.");
ABSL_FLAG(
    std::string, metrics_address, RunConfig().metrics_address,
    "HOST:PORT to serve Prometheus's /metrics on during the training; port 0 takes a free port, which is "
    "logged. Empty: no metrics.");

// Other commands
ABSL_FLAG(std::string, out, "",
          "evaluate: folder for report.html, report.md and report.json; empty: none. import: folder to make; "
          "required.");
ABSL_FLAG(
    std::string, from, "",
    "import: a file of torch.save(model.state_dict()) with spiece.model in the same folder, or a Hugging "
    "Face folder of an ALBERT. Required.");

namespace newsgenre {
namespace {

template <typename T>
std::optional<T> ToStd(const absl::optional<T>& value) {
  return value.has_value() ? std::optional<T>(*value) : std::nullopt;
}

DataConfig DataFromFlags() {
  DataConfig data;
  data.train = absl::GetFlag(FLAGS_train);
  data.validation_rows = absl::GetFlag(FLAGS_validation_rows);
  data.max_bad_rows = absl::GetFlag(FLAGS_max_bad_rows);
  return data;
}

ModelConfig ModelFromFlags() {
  ModelConfig model;
  model.init_from = absl::GetFlag(FLAGS_init_from);
  model.max_tokens = ToStd(absl::GetFlag(FLAGS_max_tokens));
  NetworkConfig& network = model.network;
  network.vocab_size = ToStd(absl::GetFlag(FLAGS_vocab_size));
  network.embedding_size = ToStd(absl::GetFlag(FLAGS_embedding_size));
  network.hidden_size = ToStd(absl::GetFlag(FLAGS_hidden_size));
  network.layers = ToStd(absl::GetFlag(FLAGS_layers));
  network.heads = ToStd(absl::GetFlag(FLAGS_heads));
  network.intermediate_size = ToStd(absl::GetFlag(FLAGS_intermediate_size));
  network.dropout = ToStd(absl::GetFlag(FLAGS_dropout));
  return model;
}

OptimizerConfig OptimizerFromFlags() {
  OptimizerConfig optimizer;
  optimizer.learning_rate = absl::GetFlag(FLAGS_learning_rate);
  optimizer.warmup = absl::GetFlag(FLAGS_warmup);
  optimizer.schedule = absl::GetFlag(FLAGS_schedule);
  optimizer.weight_decay = absl::GetFlag(FLAGS_weight_decay);
  optimizer.clip_norm = absl::GetFlag(FLAGS_clip_norm);
  optimizer.epochs = absl::GetFlag(FLAGS_epochs);
  optimizer.batch_tokens = absl::GetFlag(FLAGS_batch_tokens);
  optimizer.batch_texts = absl::GetFlag(FLAGS_batch_texts);
  return optimizer;
}

RunConfig RunFromFlags() {
  RunConfig run;
  run.model_dir = absl::GetFlag(FLAGS_model_dir);
  run.seed = absl::GetFlag(FLAGS_seed);
  run.device = absl::GetFlag(FLAGS_device);
  run.precision = absl::GetFlag(FLAGS_precision);
  run.threads = absl::GetFlag(FLAGS_threads);
  run.micro_batch_tokens = absl::GetFlag(FLAGS_micro_batch_tokens);
  run.resume = absl::GetFlag(FLAGS_resume);
  run.save_minutes = absl::GetFlag(FLAGS_save_minutes);
  run.save_steps = absl::GetFlag(FLAGS_save_steps);
  run.metrics_address = absl::GetFlag(FLAGS_metrics_address);
  return run;
}

}  // namespace

FinetuningConfig FinetuningFromFlags() {
  FinetuningConfig config;
  config.data = DataFromFlags();
  config.test = absl::GetFlag(FLAGS_test);
  config.model = ModelFromFlags();
  config.classifier.head = absl::GetFlag(FLAGS_head);
  config.classifier.dropout = ToStd(absl::GetFlag(FLAGS_classifier_dropout));
  config.optimizer = OptimizerFromFlags();
  config.token_dropout = absl::GetFlag(FLAGS_token_dropout);
  config.run = RunFromFlags();
  config.model_version = absl::GetFlag(FLAGS_model_version);
  return config;
}

PretrainingConfig PretrainingFromFlags() {
  PretrainingConfig config;
  config.text = absl::GetFlag(FLAGS_text);
  config.data = DataFromFlags();
  config.model = ModelFromFlags();
  config.optimizer = OptimizerFromFlags();
  config.run = RunFromFlags();
  return config;
}

EvaluationConfig EvaluationFromFlags() {
  EvaluationConfig config;
  config.model_dir = absl::GetFlag(FLAGS_model_dir);
  config.test = absl::GetFlag(FLAGS_test);
  config.out = absl::GetFlag(FLAGS_out);
  config.max_bad_rows = absl::GetFlag(FLAGS_max_bad_rows);
  config.device = absl::GetFlag(FLAGS_device);
  const std::string precision = absl::GetFlag(FLAGS_precision);
  if (precision != "auto") config.precision = precision;
  config.threads = absl::GetFlag(FLAGS_threads);
  return config;
}

ImportConfig ImportFromFlags() { return {absl::GetFlag(FLAGS_from), absl::GetFlag(FLAGS_out)}; }

}  // namespace newsgenre
