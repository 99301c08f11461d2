#include "trainer/canary_texts.h"

namespace newsgenre {

const std::vector<std::string>& CanaryTexts() {
  static const auto* const texts = new std::vector<std::string>{
      "Border talks resume after a week of shelling. Envoys of both governments met in the capital on "
      "Monday.",
      "Late goal lifts Rovers into the final. The captain headed in a corner with two minutes left to play.",
      "Retailer cuts its forecast as costs rise. Shares fell seven percent in early trading.",
      "New chip doubles the battery life of phones. Researchers showed the prototype at a conference.",
      "Lorem ipsum, 1234567890 & so on: \"quotes\", (brackets) - and nothing else!",
      "Yes",
  };
  return *texts;
}

}  // namespace newsgenre
