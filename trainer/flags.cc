#include "trainer/flags.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/types/optional.h"

// Data
ABSL_FLAG(std::string, train, "",
          "File with labelled news to learn from: AG News's CSV (\"class 1-4\",\"title\",\"description\") or "
          "JSON Lines ({\"text\": …} or {\"title\": …, \"body\": …}, and \"label\": a name or a number from "
          "1). Required; pretrain: its texts are learnt from beside --text or alone.");
ABSL_FLAG(std::string, test, "",
          "File with labelled news, as --train, for one test of the finished release through the serving "
          "code. Nothing is chosen by it. Empty: no test. evaluate: the rows; required.");
ABSL_FLAG(
    int64_t, validation_rows, newsgenre::TrainerConfig().validation_rows,
    "Rows drawn from --train by --seed that are not learnt from; the epoch that does best on them is "
    "kept. 0: a tenth of --train, at most 5,000. pretrain: likewise texts, held out for one measurement "
    "at the end.");
ABSL_FLAG(int64_t, max_bad_rows, newsgenre::TrainerConfig().max_bad_rows,
          "Rows of a file that may be left out because they can't be read, which is noted; with more the "
          "command fails and names each.");

ABSL_FLAG(std::vector<std::string>, text, {},
          "pretrain: files of text, separated by commas, plain or .xz: a paragraph a line, empty lines "
          "skipped. Required where there is no --train.");

// Model
ABSL_FLAG(
    std::string, model_dir, "",
    "Folder that receives the release, the file CURRENT that names it, the report (report.html, .md, "
    ".json), the curves for TensorBoard, and the state of a run that isn't finished. Required. pretrain: "
    "receives a Hugging Face folder (AlbertForMaskedLM) in place of a release. evaluate: the model, "
    "which may also be one release or a Hugging Face folder.");
ABSL_FLAG(
    std::string, model_version, "",
    "The release's name, and its folder's within --model_dir. Empty: the UTC time, as in 20260131-120000.");
ABSL_FLAG(std::string, init_from, "",
          "Folder to start from: a release, a model folder with CURRENT, or a Hugging Face folder of an "
          "ALBERT (config.json, model.safetensors, spiece.model). It brings network and vocabulary; a "
          "missing head is drawn anew. Empty: from nothing.");
ABSL_FLAG(std::string, head, newsgenre::TrainerConfig().head,
          "What turns the last layer's first token into logits: cls (one linear map) or pooler (linear, "
          "tanh, linear, as in AlbertForSequenceClassification).");
ABSL_FLAG(
    absl::optional<int>, max_tokens, absl::nullopt,
    "Tokens that the model reads of a text, [CLS] and [SEP] included; the rest is cut off. From nothing it "
    "is also the number of positions that the network has. Default 512, or as --init_from has it. pretrain: "
    "nothing is cut off, longer paragraphs are learnt from in pieces.");

// A network from nothing; refused beside --init_from but for the dropouts and the layers
ABSL_FLAG(
    absl::optional<int>, vocab_size, absl::nullopt,
    "Pieces of the vocabulary that is made from the training texts. Default 8000. Not with --init_from.");
ABSL_FLAG(absl::optional<int>, embedding_size, absl::nullopt,
          "Width of a token's embedding. Default 128. Not with --init_from.");
ABSL_FLAG(absl::optional<int>, hidden_size, absl::nullopt,
          "Width of the hidden states. Default 256. Not with --init_from.");
ABSL_FLAG(absl::optional<int>, layers, absl::nullopt,
          "Passes through the one layer, whose weights they share. Default 3, or as --init_from has it.");
ABSL_FLAG(absl::optional<int>, heads, absl::nullopt,
          "Attention heads; a divisor of --hidden_size. Default 4. Not with --init_from.");
ABSL_FLAG(absl::optional<int>, intermediate_size, absl::nullopt,
          "Width within the feed-forward part. Default 4 * --hidden_size. Not with --init_from.");
ABSL_FLAG(absl::optional<double>, dropout, absl::nullopt,
          "Fraction of embeddings, hidden states and attention weights that a training step drops. Default "
          "0.1, or as --init_from has it.");
ABSL_FLAG(absl::optional<double>, classifier_dropout, absl::nullopt,
          "The same in front of the last linear map. Default 0.1, or as --init_from has it.");

// Optimisation
ABSL_FLAG(
    double, learning_rate, newsgenre::TrainerConfig().learning_rate,
    "The highest learning rate; it rises linearly during --warmup. The default is for a small network from "
    "nothing; one that is pre-trained wants less (see deploy/recipes).");
ABSL_FLAG(double, warmup, newsgenre::TrainerConfig().warmup, "Fraction of all steps, 0 to 1.");
ABSL_FLAG(std::string, schedule, newsgenre::TrainerConfig().schedule,
          "The learning rate behind the warm-up: linear (falls to 0 at the last step) or constant.");
ABSL_FLAG(double, weight_decay, newsgenre::TrainerConfig().weight_decay,
          "Decoupled weight decay of AdamW per step, times the learning rate; biases and layer norms are "
          "spared. 0 makes it Adam.");
ABSL_FLAG(double, clip_norm, newsgenre::TrainerConfig().clip_norm,
          "Gradients whose norm, all together, is larger are scaled down to it. 0: never.");
ABSL_FLAG(int, epochs, newsgenre::TrainerConfig().epochs,
          "How often every training row, or text of pretrain, is seen.");
ABSL_FLAG(double, token_dropout, newsgenre::TrainerConfig().token_dropout,
          "Fraction of a text's tokens that a training step sees as [MASK], drawn anew each time, 0 to 0.99. "
          "Helps where there are few texts.");
ABSL_FLAG(int64_t, batch_tokens, newsgenre::TrainerConfig().batch_tokens, "Most tokens of a training step.");
ABSL_FLAG(int64_t, batch_texts, newsgenre::TrainerConfig().batch_texts, "Most texts of a training step.");

// Running
ABSL_FLAG(uint64_t, seed, newsgenre::TrainerConfig().seed,
          "Decides the split, the order, the first weights, the dropout and the words that pretrain hides. "
          "The same seed, flags, machine and number of threads give the same bits on a CPU.");
ABSL_FLAG(std::string, device, newsgenre::TrainerConfig().device,
          "cpu, cuda:N, or auto: the first GPU where there is one, else the CPU.");
ABSL_FLAG(
    std::string, precision, newsgenre::TrainerConfig().precision,
    "Of the products and activations; weights are fp32 in training. fp32, bf16, or auto: bf16 where the "
    "device multiplies it in hardware. evaluate also takes fp16 (GPU) and int8 (CPU); auto is fp32 there.");
ABSL_FLAG(int, threads, newsgenre::TrainerConfig().threads, "CPU threads. 0: as many as the machine has.");
ABSL_FLAG(
    int64_t, micro_batch_tokens, newsgenre::TrainerConfig().micro_batch_tokens,
    "Most tokens that pass the network at once; a batch of more does so in pieces whose gradients add up. "
    "Is halved where memory runs out.");
ABSL_FLAG(bool, resume, newsgenre::TrainerConfig().resume,
          "Goes on from the state that a run with the same flags and data left in --model_dir when it was "
          "stopped or killed; on a CPU the result is the same to the bit. Where no state is there the run "
          "starts at its beginning.");
ABSL_FLAG(
    double, save_minutes, newsgenre::TrainerConfig().save_minutes,
    "Minutes from one saved state to the next; one is also saved when the run is stopped. 0: not by time.");
ABSL_FLAG(int64_t, save_steps, newsgenre::TrainerConfig().save_steps, "The same in steps. 0: not by steps.");
ABSL_FLAG(std::string, metrics_address, newsgenre::TrainerConfig().metrics_address,
          "HOST:PORT where Prometheus reads /metrics while the training goes on; port 0 takes a free one, "
          "which the log names. Empty: nowhere.");

// The other commands
ABSL_FLAG(std::string, out, "",
          "evaluate: folder that receives report.html, report.md and report.json; empty: none. import: the "
          "folder to make; required.");
ABSL_FLAG(std::string, from, "",
          "import: what to read: a file of torch.save(model.state_dict()) with spiece.model beside it, or a "
          "Hugging Face folder of an ALBERT. Required.");

namespace newsgenre {
namespace {

template <typename T>
std::optional<T> Standard(const absl::optional<T>& value) {
  return value.has_value() ? std::optional<T>(*value) : std::nullopt;
}

NetworkConfig NetworkFromFlags() {
  NetworkConfig network;
  network.vocab_size = Standard(absl::GetFlag(FLAGS_vocab_size));
  network.embedding_size = Standard(absl::GetFlag(FLAGS_embedding_size));
  network.hidden_size = Standard(absl::GetFlag(FLAGS_hidden_size));
  network.layers = Standard(absl::GetFlag(FLAGS_layers));
  network.heads = Standard(absl::GetFlag(FLAGS_heads));
  network.intermediate_size = Standard(absl::GetFlag(FLAGS_intermediate_size));
  network.dropout = Standard(absl::GetFlag(FLAGS_dropout));
  network.classifier_dropout = Standard(absl::GetFlag(FLAGS_classifier_dropout));
  return network;
}

}  // namespace

TrainerConfig TrainingFromFlags() {
  TrainerConfig config;
  config.train = absl::GetFlag(FLAGS_train);
  config.test = absl::GetFlag(FLAGS_test);
  config.validation_rows = absl::GetFlag(FLAGS_validation_rows);
  config.max_bad_rows = absl::GetFlag(FLAGS_max_bad_rows);
  config.model_dir = absl::GetFlag(FLAGS_model_dir);
  config.model_version = absl::GetFlag(FLAGS_model_version);
  config.init_from = absl::GetFlag(FLAGS_init_from);
  config.head = absl::GetFlag(FLAGS_head);
  config.max_tokens = Standard(absl::GetFlag(FLAGS_max_tokens));
  config.network = NetworkFromFlags();
  config.learning_rate = absl::GetFlag(FLAGS_learning_rate);
  config.warmup = absl::GetFlag(FLAGS_warmup);
  config.schedule = absl::GetFlag(FLAGS_schedule);
  config.weight_decay = absl::GetFlag(FLAGS_weight_decay);
  config.clip_norm = absl::GetFlag(FLAGS_clip_norm);
  config.epochs = absl::GetFlag(FLAGS_epochs);
  config.token_dropout = absl::GetFlag(FLAGS_token_dropout);
  config.batch_tokens = absl::GetFlag(FLAGS_batch_tokens);
  config.batch_texts = absl::GetFlag(FLAGS_batch_texts);
  config.seed = absl::GetFlag(FLAGS_seed);
  config.device = absl::GetFlag(FLAGS_device);
  config.precision = absl::GetFlag(FLAGS_precision);
  config.threads = absl::GetFlag(FLAGS_threads);
  config.micro_batch_tokens = absl::GetFlag(FLAGS_micro_batch_tokens);
  config.resume = absl::GetFlag(FLAGS_resume);
  config.save_minutes = absl::GetFlag(FLAGS_save_minutes);
  config.save_steps = absl::GetFlag(FLAGS_save_steps);
  config.metrics_address = absl::GetFlag(FLAGS_metrics_address);
  return config;
}

PretrainingConfig PretrainingFromFlags() { return {absl::GetFlag(FLAGS_text), TrainingFromFlags()}; }

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
