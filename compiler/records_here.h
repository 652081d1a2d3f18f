#pragma once

#include "schedules/records.h"

namespace convoy {

// A board's records, those of this machine's processor or GPU before another's. Throws RecordError.
Records records_here(const Board &board, RecordOptions options);

}  // namespace convoy
