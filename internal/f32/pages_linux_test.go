package f32

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"
)

// The memory of a long slice is on large pages, as far as the system has them, and is zero.
func TestLongSlicesAreOnHugePages(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("a system without large pages")
	}
	long := Grow(nil, 4*hugeFrom)
	long[2*hugeFrom] = 1
	if flags := flagsOf(t, &long[2*hugeFrom]); flags != "" && !strings.Contains(flags, " hg") {
		t.Errorf("a slice of %d values has the flags %q, want hg", len(long), flags)
	}
	for _, n := range []int{0, 1, hugeFrom - 1, hugeFrom, hugeFrom + 1, 3*hugeFrom + 12345} {
		buf := Grow(nil, n)
		for i := range buf {
			if buf[i] != 0 {
				t.Fatalf("value %d of %d is %v", i, n, buf[i])
			}
			buf[i] = float32(i)
		}
	}
}

// flagsOf returns what the kernel says of the memory at p.
func flagsOf(t *testing.T, p *float32) string {
	data, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	in := false
	for line := range strings.Lines(string(data)) {
		var from, to uintptr
		if n, _ := fmt.Sscanf(line, "%x-%x ", &from, &to); n == 2 {
			in = uintptr(unsafe.Pointer(p)) >= from && uintptr(unsafe.Pointer(p)) < to
		}
		if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok && in {
			return flags
		}
	}
	return ""
}
