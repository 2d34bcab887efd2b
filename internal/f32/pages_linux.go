package f32

import (
	"syscall"
	"unsafe"
)

// hugePage is the size of a large page on the processors that have kernels, and hugeFrom the
// least length of a slice for which they are asked.
const (
	hugePage = 2 << 20
	hugeFrom = 2 * hugePage / 4
)

// onHugePages asks the system for large pages. What a training keeps of long sequences is
// hundreds of megabytes that are written and read once in each update: with pages of 4 KB its
// first touch takes longer than the update, and each update a tenth more time. It is advice: a
// system without large pages does without.
func onHugePages(buf []float32) []float32 {
	if len(buf) < hugeFrom {
		return buf
	}
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(&buf[0])), 4*len(buf))
	from := -uintptr(unsafe.Pointer(&buf[0])) % hugePage
	to := from + (uintptr(len(bytes))-from)/hugePage*hugePage
	_ = syscall.Madvise(bytes[from:to], syscall.MADV_HUGEPAGE)
	return buf
}
