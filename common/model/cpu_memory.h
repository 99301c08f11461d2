// Where tensors on the CPU lie.
#pragma once

namespace newsgenre {

// From now on torch keeps the memory of tensors that go, for the next ones of about their size, and takes it
// from the system in huge pages where those are to be had: a forward pass then neither asks malloc, nor does
// its speed depend on which 4 KB pages it got. For a program that runs the same network over and over; what it
// once needed at a time it keeps. Before any tensor exists. Once is enough; more often is fine.
void KeepCpuMemory();

}  // namespace newsgenre
