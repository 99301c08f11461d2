#include "common/base/scheduling.h"

#include <sched.h>

namespace newsgenre {

void UseBatchScheduling() {
  const sched_param parameters{};
  sched_setscheduler(/*pid=*/0, SCHED_BATCH, &parameters);
}

}  // namespace newsgenre
