#include "trainer/flags.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/types/optional.h"

// Data
ABSL_FLAG(std::string, train, "",
          "File with labelled news to learn from: AG News's CSV (\"class 1-4\",\"title\",\"description\") or "
          "JSON Lines ({\"text\": …} or {\"title\": …, \"body\": …}, and \"label\": a name or a number from "
          "1). Required.");
ABSL_FLAG(std::string, test, "",
          "File with labelled news, as --train, for one test of the finished release through the serving "
          "code. Nothing is chosen by it. Empty: no test.");
ABSL_FLAG(int64_t, validation_rows, newsgenre::TrainerConfig().validation_rows,
          "Rows drawn from --train by --seed that are not learnt from; the epoch that does best on them is "
          "kept. 0: a tenth of --train, at most 5,000.");

// Model
ABSL_FLAG(std::string, model_dir, "",
          "Folder that receives the release, the file CURRENT that names it, and report.json. Required.");
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
    "is also the number of positions that the network has. Default 512, or as --init_from has it.");

// A network from nothing; refused beside --init_from
ABSL_FLAG(
    absl::optional<int>, vocab_size, absl::nullopt,
    "Pieces of the vocabulary that is made from the training texts. Default 8000. Not with --init_from.");
ABSL_FLAG(absl::optional<int>, embedding_size, absl::nullopt,
          "Width of a token's embedding. Default 128. Not with --init_from.");
ABSL_FLAG(absl::optional<int>, hidden_size, absl::nullopt,
          "Width of the hidden states. Default 256. Not with --init_from.");
ABSL_FLAG(absl::optional<int>, layers, absl::nullopt,
          "Passes through the one layer, whose weights they share. Default 3. Not with --init_from.");
ABSL_FLAG(absl::optional<int>, heads, absl::nullopt,
          "Attention heads; a divisor of --hidden_size. Default 4. Not with --init_from.");
ABSL_FLAG(absl::optional<int>, intermediate_size, absl::nullopt,
          "Width within the feed-forward part. Default 4 * --hidden_size. Not with --init_from.");
ABSL_FLAG(absl::optional<double>, dropout, absl::nullopt,
          "Fraction of embeddings, hidden states and attention weights that a training step drops. Default "
          "0.1. Not with --init_from.");
ABSL_FLAG(absl::optional<double>, classifier_dropout, absl::nullopt,
          "The same in front of the last linear map. Default 0.1. Not with --init_from.");

// Optimisation
ABSL_FLAG(double, learning_rate, newsgenre::TrainerConfig().learning_rate,
          "The highest learning rate; it rises linearly during --warmup and falls linearly to 0 behind it.");
ABSL_FLAG(double, warmup, newsgenre::TrainerConfig().warmup, "Fraction of all steps, 0 to 1.");
ABSL_FLAG(double, weight_decay, newsgenre::TrainerConfig().weight_decay,
          "Decoupled weight decay of AdamW per step, times the learning rate; biases and layer norms are "
          "spared. 0 makes it Adam.");
ABSL_FLAG(double, clip_norm, newsgenre::TrainerConfig().clip_norm,
          "Gradients whose norm, all together, is larger are scaled down to it.");
ABSL_FLAG(int, epochs, newsgenre::TrainerConfig().epochs, "How often every training row is seen.");
ABSL_FLAG(double, token_dropout, newsgenre::TrainerConfig().token_dropout,
          "Fraction of a text's tokens that a training step sees as [MASK], drawn anew each time, 0 to 0.99. "
          "Helps where there are few texts.");
ABSL_FLAG(int64_t, batch_tokens, newsgenre::TrainerConfig().batch_tokens, "Most tokens of a training step.");
ABSL_FLAG(int64_t, batch_texts, newsgenre::TrainerConfig().batch_texts, "Most texts of a training step.");

// Running
ABSL_FLAG(uint64_t, seed, newsgenre::TrainerConfig().seed,
          "Decides the split, the order, the first weights and the dropout. The same seed, flags, machine "
          "and number of threads give the same bits on a CPU.");
ABSL_FLAG(std::string, device, newsgenre::TrainerConfig().device,
          "cpu, cuda:N, or auto: the first GPU where there is one, else the CPU.");
ABSL_FLAG(int, threads, newsgenre::TrainerConfig().threads, "CPU threads. 0: as many as the machine has.");

namespace newsgenre {
namespace {

constexpr char kUsage[] =
    R"(trains an ALBERT that tells the genre of a news text, and publishes it for newsgenre_server.

  newsgenre_trainer --train=train.csv --test=test.csv --model_dir=model
  newsgenre_trainer --flagfile=deploy/recipes/small.flags --train=train.csv --model_dir=model

Progress goes to standard error: one line on a terminal, else JSON lines. A table of the epochs, and the test's result,
go to standard output; all figures go to MODEL_DIR/report.json. SIGINT or SIGTERM ends the training after the step at hand
and skips the test; a second one ends the program at once.

Exit status: 0 trained and published; 1 failed; 2 flags or data are wrong; 3 stopped by a signal, the best epoch so far is
published; 4 stopped by a signal before an epoch was validated, nothing is published.)";

constexpr char kThisFile[] = "trainer/flags.cc";

// A source file's path as the compiler saw it, from the repository's root on.
std::string FromRoot(absl::string_view file) {
  const std::string path(file);
  const size_t start = path.rfind(kThisFile);
  return start == std::string::npos ? path : path.substr(start);
}

bool IsOurs(absl::string_view file) { return FromRoot(file) == kThisFile; }

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

std::map<std::string, std::string> RecipeFromFlags() {
  std::map<std::string, std::string> recipe;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (IsOurs(flag->Filename())) recipe[std::string(name)] = flag->CurrentValue();
  }
  return recipe;
}

}  // namespace

absl::StatusOr<TrainerConfig> ParseFlags(int argc, char** argv) {
  absl::SetProgramUsageMessage(kUsage);
  absl::FlagsUsageConfig usage;
  usage.contains_help_flags = IsOurs;
  usage.contains_helpshort_flags = IsOurs;
  usage.normalize_filename = FromRoot;
  absl::SetFlagsUsageConfig(usage);
  const std::vector<char*> words = absl::ParseCommandLine(argc, argv);
  if (words.size() > 1)
    return absl::InvalidArgumentError("'" + std::string(words[1]) + "' is not a flag; see --help");

  TrainerConfig config;
  config.train = absl::GetFlag(FLAGS_train);
  config.test = absl::GetFlag(FLAGS_test);
  config.validation_rows = absl::GetFlag(FLAGS_validation_rows);
  config.model_dir = absl::GetFlag(FLAGS_model_dir);
  config.model_version = absl::GetFlag(FLAGS_model_version);
  config.init_from = absl::GetFlag(FLAGS_init_from);
  config.head = absl::GetFlag(FLAGS_head);
  config.max_tokens = Standard(absl::GetFlag(FLAGS_max_tokens));
  config.network = NetworkFromFlags();
  config.learning_rate = absl::GetFlag(FLAGS_learning_rate);
  config.warmup = absl::GetFlag(FLAGS_warmup);
  config.weight_decay = absl::GetFlag(FLAGS_weight_decay);
  config.clip_norm = absl::GetFlag(FLAGS_clip_norm);
  config.epochs = absl::GetFlag(FLAGS_epochs);
  config.token_dropout = absl::GetFlag(FLAGS_token_dropout);
  config.batch_tokens = absl::GetFlag(FLAGS_batch_tokens);
  config.batch_texts = absl::GetFlag(FLAGS_batch_texts);
  config.seed = absl::GetFlag(FLAGS_seed);
  config.device = absl::GetFlag(FLAGS_device);
  config.threads = absl::GetFlag(FLAGS_threads);
  config.recipe = RecipeFromFlags();
  return config;
}

}  // namespace newsgenre
