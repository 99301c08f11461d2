#include "trainer/run/state_json.h"

#include <utility>

#include "nlohmann/json.hpp"

namespace newsgenre {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormatVersion = 2;

// Visits the fields of an epoch, except those that are computed from the validation's probabilities. All
// fields are required when a state is read. A field that is added later needs a default, because the states
// of older versions lack it.
template <typename Epoch, typename Visit>
void VisitEpoch(Epoch* epoch, const Visit& visit) {
  visit("epoch", &epoch->epoch);
  visit("steps", &epoch->steps);
  visit("training_loss", &epoch->training_loss);
  visit("training_article_loss", &epoch->training_article_loss);
  visit("training_accuracy", &epoch->training_accuracy);
  visit("training_correct", &epoch->training_correct);
  visit("validation_article_loss", &epoch->validation_article_loss);
  visit("learning_rate", &epoch->learning_rate);
  visit("seconds", &epoch->seconds);
  visit("texts_per_second", &epoch->texts_per_second);
  visit("tokens_per_second", &epoch->tokens_per_second);
}

template <typename State, typename Visit>
void VisitState(State* state, const Visit& visit) {
  visit("identity", &state->identity);
  visit("version", &state->version);
  visit("micro_batch_tokens", &state->micro_batch_tokens);
  visit("step", &state->step);
  visit("epoch_seconds", &state->epoch_seconds);
  visit("training_seconds", &state->training_seconds);
  visit("seconds", &state->seconds);
  visit("cpu_seconds", &state->cpu_seconds);
  visit("best", &state->best);
}

}  // namespace

std::string StateToJson(const TrainingState& state, const std::string& sha256) {
  Json json = {{"format_version", kFormatVersion}, {"tensors_sha256", sha256}};
  const auto writer = [](Json* to) {
    return [to](const char* name, const auto* field) { (*to)[name] = *field; };
  };
  VisitState(&state, writer(&json));
  json["epochs"] = Json::array();
  for (const EpochResult& epoch : state.epochs) VisitEpoch(&epoch, writer(&json["epochs"].emplace_back()));
  // Flags can hold any bytes.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::Status StateFromJson(const std::string& text, const std::string& sha256, TrainingState* state) {
  try {
    const Json json = Json::parse(text);
    if (json.at("format_version").get<int>() != kFormatVersion) {
      return absl::DataLossError("format_version is " + json.at("format_version").dump() +
                                 "; this program reads " + std::to_string(kFormatVersion));
    }
    if (json.at("tensors_sha256").get<std::string>() != sha256)
      return absl::DataLossError("the tensors don't match their SHA-256");
    const auto reader = [](const Json& from) {
      return [&from](const char* name, auto* field) { from.at(name).get_to(*field); };
    };
    VisitState(state, reader(json));
    for (const Json& epoch : json.at("epochs")) VisitEpoch(&state->epochs.emplace_back(), reader(epoch));
  } catch (const Json::exception& error) {
    return absl::DataLossError(std::string("state.json: ") + error.what());
  }
  const auto epochs = static_cast<int>(state->epochs.size());
  if (state->step < 0 || state->best < 0 || (epochs > 0 && state->best >= epochs)) {
    return absl::DataLossError("state.json: step or best is out of range");
  }
  return absl::OkStatus();
}

}  // namespace newsgenre
