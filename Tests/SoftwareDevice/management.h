#ifndef MANAGEMENT_H
#define MANAGEMENT_H

namespace management {

/// A kernel was launched: the device has been used since someone asked last.
void note_work();

}  // namespace management

#endif
