// The sources of metrics that a scrape reads.
#pragma once

#include <memory>
#include <vector>

#include "prometheus/collectable.h"

namespace newsgenre {

using Collectables = std::vector<std::shared_ptr<prometheus::Collectable>>;

}  // namespace newsgenre
