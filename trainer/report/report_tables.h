// The page's tables. Pure; any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "trainer/report/report.h"

namespace newsgenre {

std::string EpochsHtml(const Report& report);  // at least one epoch
// Counts with the share of their row, as a heat map.
std::string ConfusionHtml(const ClassificationMetrics& metrics, const std::vector<std::string>& labels);
// Precision, recall and F1 of each label.
std::string LabelsHtml(const ClassificationMetrics& metrics, const std::vector<std::string>& labels);
std::string MistakesHtml(const Report& report);

// Names and values, any bytes.
using Facts = std::vector<std::pair<std::string, std::string>>;
std::string FactsHtml(const Facts& facts);

// What was run, on what, how long.
Facts RunFacts(const Report& report);

}  // namespace newsgenre
