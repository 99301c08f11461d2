#include "trainer/watch/progress.h"

#include <cstdio>

#include "common/base/json_log.h"

namespace newsgenre {
namespace {

// Returns to the start of the line and erases it.
constexpr char kOverwrite[] = "\r\x1b[K";

}  // namespace

std::string ProgressLine(const ProgressState& state) {
  char line[200];
  const auto left = static_cast<long long>(state.seconds_left + 0.5);
  std::snprintf(line, sizeof(line),
                "epoch %d/%d  step %lld/%lld  loss %.4f  accuracy %.1f %%  %.0f texts/s  %lld:%02lld left",
                state.epoch, state.epochs, static_cast<long long>(state.step),
                static_cast<long long>(state.steps), state.loss, 100 * state.accuracy, state.texts_per_second,
                left / 60, left % 60);
  return line;
}

bool Progress::Due(Clock::time_point now) const {
  return now - shown_ >= (terminal_ != nullptr ? std::chrono::milliseconds(200) : std::chrono::seconds(10));
}

void Progress::Show(const ProgressState& state, Clock::time_point now) {
  shown_ = now;
  if (terminal_ != nullptr) {
    Write(ProgressLine(state));
    return;
  }
  newsgenre::Log(Severity::kInfo, "training",
                 {{"epoch", state.epoch},
                  {"step", state.step},
                  {"steps", state.steps},
                  {"loss", state.loss},
                  {"accuracy", state.accuracy},
                  {"learning_rate", state.learning_rate},
                  {"texts_per_second", state.texts_per_second},
                  {"tokens_per_second", state.tokens_per_second},
                  {"seconds_left", state.seconds_left}});
}

void Progress::UpdateCount(const std::string& what, int64_t done, int64_t all) {
  const Clock::time_point now = Clock::now();
  if (!Due(now)) return;
  shown_ = now;
  if (terminal_ != nullptr) {
    Write(what + "  " + std::to_string(done) + "/" + std::to_string(all));
  } else {
    newsgenre::Log(Severity::kInfo, what, {{"done", done}, {"all", all}});
  }
}

void Progress::EpochDone(const EpochResult& epoch, int epochs) {
  if (terminal_ != nullptr) {
    char article[150];
    std::snprintf(article, sizeof(article),
                  "  (computed as in the article: training loss %.5f, validation loss %.5f)  %.0f s\n",
                  epoch.training_article_loss, epoch.validation_article_loss, epoch.seconds);
    Write("epoch " + std::to_string(epoch.epoch) + "/" + std::to_string(epochs) + "  validation " +
          Summary(epoch.validation) + article);
    return;
  }
  newsgenre::Log(Severity::kInfo, "epoch done",
                 {{"epoch", epoch.epoch},
                  {"epochs", epochs},
                  {"training_loss", epoch.training_loss},
                  {"training_accuracy", epoch.training_accuracy},
                  {"validation_loss", epoch.validation.loss},
                  {"validation_accuracy", epoch.validation.accuracy()},
                  {"validation_correct", epoch.validation.correct()},
                  {"article_training_loss", epoch.training_article_loss},
                  {"article_validation_loss", epoch.validation_article_loss},
                  {"seconds", epoch.seconds},
                  {"texts_per_second", epoch.texts_per_second},
                  {"tokens_per_second", epoch.tokens_per_second}});
}

void Progress::Log(const std::string& message, const nlohmann::ordered_json& fields) {
  if (terminal_ == nullptr) {
    newsgenre::Log(Severity::kInfo, message, fields);
    return;
  }
  std::string text = message;
  for (const auto& [name, value] : fields.items()) {
    text += "  " + name + " " + (value.is_string() ? value.get<std::string>() : value.dump());
  }
  Write(text + "\n");
}

void Progress::Error(const std::string& message) {
  if (terminal_ == nullptr) {
    newsgenre::Log(Severity::kError, message);
  } else {
    Write("newsgenre_trainer: " + message + "\n");
  }
}

void Progress::Write(const std::string& text) {
  const MutexLock lock(&mutex_);
  *terminal_ << kOverwrite << text << std::flush;
}

}  // namespace newsgenre
