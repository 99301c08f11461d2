// Reports with made-up values.
#pragma once

#include <string>

#include "trainer/report/report.h"

namespace newsgenre {

inline EpochResult SmallEpoch(int number, int64_t correct, double loss) {
  EpochResult epoch;
  epoch.epoch = number;
  epoch.steps = 7;
  epoch.training_loss = loss / 2;
  epoch.training_article_loss = loss / 16;
  epoch.training_accuracy = 0.75;
  epoch.training_correct = 54;
  epoch.validation.confusion = {{correct, 4 - correct}, {0, 4}};
  epoch.validation.loss = loss;
  epoch.validation.bins = {{2, 0.625, 0.5}, {6, 0.875, 1}};
  epoch.validation_article_loss = loss / 8;
  epoch.learning_rate = 2e-5;
  epoch.seconds = 12.34;
  epoch.texts_per_second = 800;
  epoch.tokens_per_second = 41000;
  return epoch;
}

// Returns the report of a training with two epochs, without a test.
inline Report SmallReport() {
  Report report;
  report.version = "v7";
  report.release = "model/v7";
  report.labels = {"no", "yes"};
  report.device = "cpu";
  report.precision = "bf16";
  report.processor = "a processor";
  report.threads = 2;
  report.training_rows = 72;
  report.validation_rows = 8;
  report.parameters = 1234;
  report.vocab_size = 500;
  report.epochs = {SmallEpoch(1, 2, 0.5), SmallEpoch(2, 3, 0.25)};
  report.best = 1;
  report.steps = {{1, 1e-5, 0.75}, {14, 2e-5, 0.5}};
  report.seconds = 30;
  report.cpu_seconds = 55;
  report.recipe = {{"epochs", "2"}};
  return report;
}

// Returns the same report with every optional part.
inline Report FullReport() {
  Report report = SmallReport();
  report.temperature = 1.25;
  report.calibrated = SmallEpoch(0, 3, 0.1875).validation;
  report.test = SmallEpoch(0, 4, 0.125).validation;
  report.test_file = "test.csv";
  ReportedMistake mistake;
  mistake.line = 17;
  mistake.text = "a text";
  mistake.label = 0;
  mistake.predicted = 1;
  mistake.confidence = 0.96875;
  report.mistakes = {mistake};
  report.mistakes_file = "test.csv";
  report.lengths = CountLengths({3, 5, 8, 8}, 1, 8);
  return report;
}

// Returns the report of an evaluation.
inline Report EvaluationReport() {
  const Report full = FullReport();
  Report report;
  report.version = full.version;
  report.labels = full.labels;
  report.test = full.test;
  report.test_file = full.test_file;
  report.mistakes = full.mistakes;
  report.mistakes_file = full.mistakes_file;
  report.lengths = full.lengths;
  return report;
}

// Returns the report of a pre-training.
inline Report PretrainingReport() {
  Report report = SmallReport();
  report.release = "pretrained";
  report.labels = {};
  report.epochs = {};
  report.best = 0;
  report.held_out = HeldOutResult{1600, 400, 3.25};
  report.lengths = CountLengths({3, 5, 8, 8}, 0, 8);
  return report;
}

}  // namespace newsgenre
