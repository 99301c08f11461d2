#include "common/model/albert_config.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/json_object.h"
#include "common/base/status_macros.h"

namespace newsgenre {
namespace {

using Json = nlohmann::json;

// Real files hold about 1 kB.
constexpr size_t kMaxConfigBytes = 1 << 20;
// The number of bytes of a wrong value that a message shows.
constexpr size_t kMaxShownBytes = 80;

// The maxima are far above every published ALBERT, and low enough that no product of three sizes overflows
// int64.
struct SizeField {
  const char* name;
  int AlbertConfig::*member;
  int max;
};
constexpr SizeField kSizes[] = {
    {"vocab_size", &AlbertConfig::vocab_size, 10'000'000},
    {"embedding_size", &AlbertConfig::embedding_size, 65'536},
    {"hidden_size", &AlbertConfig::hidden_size, 65'536},
    {"num_hidden_layers", &AlbertConfig::num_hidden_layers, 1'024},
    {"num_attention_heads", &AlbertConfig::num_attention_heads, 4'096},
    {"intermediate_size", &AlbertConfig::intermediate_size, 1'048'576},
    {"max_position_embeddings", &AlbertConfig::max_position_embeddings, 65'536},
    {"type_vocab_size", &AlbertConfig::type_vocab_size, 1'024},
};

// A checkpoint with this many weights has 4 GB in fp32. albert-xxlarge has 0.2 billion.
constexpr int64_t kMaxWeights = 1'000'000'000;

struct RateField {
  const char* name;
  double AlbertConfig::*member;
  double max;
};
constexpr RateField kRates[] = {
    {"layer_norm_eps", &AlbertConfig::layer_norm_eps, 1.0},
    {"hidden_dropout_prob", &AlbertConfig::hidden_dropout_prob, 1.0},
    {"attention_probs_dropout_prob", &AlbertConfig::attention_probs_dropout_prob, 1.0},
    {"classifier_dropout_prob", &AlbertConfig::classifier_dropout_prob, 1.0},
    {"initializer_range", &AlbertConfig::initializer_range, 10.0},
};

// Fields with a single supported value.
struct FixedField {
  const char* name;
  Json value;
};
const std::vector<FixedField>& FixedFields() {
  static const auto* const fields = new std::vector<FixedField>{
      {"model_type", "albert"},
      {"num_hidden_groups", 1},
      {"inner_group_num", 1},
      {"position_embedding_type", "absolute"},
  };
  return *fields;
}

// Returns `value` for a message: short, valid UTF-8, without nested values.
std::string Show(const Json& value) {
  if (value.is_structured()) return value.is_array() ? "an array" : "an object";
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kMaxShownBytes) text = text.substr(0, kMaxShownBytes) + "…";
  return text;
}

absl::Status Wrong(const char* field, const Json& value, const std::string& allowed) {
  return absl::InvalidArgumentError(absl::StrCat(field, " is ", Show(value), "; allowed: ", allowed));
}

std::string SizeRange(const SizeField& field) { return absl::StrCat("an integer from 1 to ", field.max); }
std::string RateRange(const RateField& field) { return absl::StrCat("a number from 0 to ", field.max); }

// Returns the field's value, or nullptr if it is missing or null.
const Json* Find(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

absl::Status ReadActivation(const Json& object, Activation* activation) {
  const Json* value = Find(object, "hidden_act");
  if (value == nullptr) return absl::OkStatus();
  if (*value == "gelu") {
    *activation = Activation::kGelu;
  } else if (*value == "gelu_new") {
    *activation = Activation::kGeluNew;
  } else {
    return Wrong("hidden_act", *value, "\"gelu\", \"gelu_new\"");
  }
  return absl::OkStatus();
}

// Returns the number of weights in all matrices, including a pooler. The vectors and the classifier add very
// little.
int64_t MatrixWeights(const AlbertConfig& config) {
  const int64_t hidden = config.hidden_size;
  const int64_t embedded =
      int64_t{config.vocab_size} + config.max_position_embeddings + config.type_vocab_size;
  return (embedded + hidden) * config.embedding_size +
         hidden * (5 * hidden + int64_t{2} * config.intermediate_size);
}

// Returns the defaults of transformers' AlbertConfig, which are albert-xxlarge's sizes.
AlbertConfig TransformersDefaults() {
  AlbertConfig config;
  config.hidden_size = 4096;
  config.num_attention_heads = 64;
  config.intermediate_size = 16384;
  config.hidden_act = Activation::kGeluNew;
  return config;
}

}  // namespace

const char* GeluKind(Activation activation) { return activation == Activation::kGeluNew ? "tanh" : "none"; }

std::string_view HeadName(Head head) {
  return head == Head::kCls ? "cls" : head == Head::kPooler ? "pooler" : "masked_lm";
}

absl::StatusOr<Head> ParseHead(std::string_view name) {
  if (name == "cls") return Head::kCls;
  if (name == "pooler") return Head::kPooler;
  return absl::InvalidArgumentError("head is '" + std::string(name) + "'; allowed: cls, pooler");
}

absl::Status AlbertConfig::Validate() const {
  for (const SizeField& field : kSizes) {
    const int value = this->*field.member;
    if (value < 1 || value > field.max) return Wrong(field.name, value, SizeRange(field));
  }
  for (const RateField& field : kRates) {
    const double value = this->*field.member;
    if (!(value >= 0 && value <= field.max)) return Wrong(field.name, value, RateRange(field));
  }
  if (hidden_size % num_attention_heads != 0) {
    return Wrong("hidden_size", hidden_size,
                 absl::StrCat("a multiple of num_attention_heads, ", num_attention_heads));
  }
  if (const int64_t weights = MatrixWeights(*this); weights > kMaxWeights) {
    return absl::InvalidArgumentError(absl::StrCat("vocab_size ", vocab_size, ", embedding_size ",
                                                   embedding_size, ", hidden_size ", hidden_size,
                                                   " and intermediate_size ", intermediate_size, " make ",
                                                   weights, " weights; the limit is ", kMaxWeights));
  }
  return absl::OkStatus();
}

absl::StatusOr<AlbertConfig> ParseAlbertConfig(std::string_view json) {
  if (json.size() > kMaxConfigBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("config.json has ", json.size(), " bytes; the limit is ", kMaxConfigBytes, " bytes"));
  }
  const absl::StatusOr<Json> parsed = ParseJsonObject(json);
  if (!parsed.ok()) return absl::InvalidArgumentError(parsed.status().message());
  const Json& object = *parsed;
  AlbertConfig config = TransformersDefaults();
  for (const FixedField& field : FixedFields()) {
    const Json* value = Find(object, field.name);
    if (value != nullptr && *value != field.value) return Wrong(field.name, *value, field.value.dump());
  }
  for (const SizeField& field : kSizes) {
    const Json* value = Find(object, field.name);
    if (value == nullptr) continue;
    // get<int64_t> would wrap an unsigned value above INT64_MAX.
    const bool fits = value->is_number_integer() &&
                      (!value->is_number_unsigned() || value->get<uint64_t>() <= uint64_t{INT32_MAX}) &&
                      value->get<int64_t>() >= 1 && value->get<int64_t>() <= field.max;
    if (!fits) return Wrong(field.name, *value, SizeRange(field));
    config.*field.member = value->get<int>();
  }
  for (const RateField& field : kRates) {
    const Json* value = Find(object, field.name);
    if (value == nullptr) continue;
    if (!value->is_number()) return Wrong(field.name, *value, RateRange(field));
    config.*field.member = value->get<double>();
  }
  RETURN_IF_ERROR(ReadActivation(object, &config.hidden_act));
  RETURN_IF_ERROR(config.Validate());
  return config;
}

std::string AlbertConfigJson(const AlbertConfig& config, Head head, const std::vector<std::string>& labels) {
  using OrderedJson = nlohmann::ordered_json;
  OrderedJson object;
  // Without a pooler, transformers can open only a classifier's encoder.
  object["architectures"] = OrderedJson::array({head == Head::kMaskedLm ? "AlbertForMaskedLM"
                                                : head == Head::kPooler ? "AlbertForSequenceClassification"
                                                                        : "AlbertModel"});
  for (const FixedField& field : FixedFields()) object[field.name] = field.value;
  for (const SizeField& field : kSizes) object[field.name] = config.*field.member;
  for (const RateField& field : kRates) object[field.name] = config.*field.member;
  object["hidden_act"] = config.hidden_act == Activation::kGelu ? "gelu" : "gelu_new";
  object["pad_token_id"] = 0;
  object["bos_token_id"] = 2;
  object["eos_token_id"] = 3;
  object["dtype"] = "float32";
  if (head == Head::kMaskedLm) return object.dump(2) + "\n";
  object["problem_type"] = "single_label_classification";
  object["id2label"] = OrderedJson::object();
  object["label2id"] = OrderedJson::object();
  for (size_t i = 0; i < labels.size(); ++i) {
    object["id2label"][std::to_string(i)] = labels[i];
    object["label2id"][labels[i]] = i;
  }
  return object.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace newsgenre
