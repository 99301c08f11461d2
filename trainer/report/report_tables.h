// The tables of the HTML report, and the facts that both reports list. Pure functions; safe to call from any
// thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "trainer/report/report.h"

namespace newsgenre {

// Returns a table of the epochs. The report must have at least one.
std::string EpochsHtml(const Report& report);
// Returns a heat map of counts and of their shares of the row.
std::string ConfusionHtml(const ClassificationMetrics& metrics, const std::vector<std::string>& labels);
// Returns precision, recall and F1 of each label.
std::string LabelsHtml(const ClassificationMetrics& metrics, const std::vector<std::string>& labels);
std::string MistakesHtml(const Report& report);

// Names and values. They can contain any bytes.
using Facts = std::vector<std::pair<std::string, std::string>>;
std::string FactsHtml(const Facts& facts);

// Returns facts about the run: versions, device, sizes and times.
Facts RunFacts(const Report& report);

}  // namespace newsgenre
