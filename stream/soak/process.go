package soak

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// look notes what the process takes now. Of goroutines and files the least counts: others
// come and go.
func (t *taken) look() {
	t.resident = append(t.resident, resident())
	n, files := runtime.NumGoroutine(), openFiles()
	if len(t.resident) == 1 {
		t.goroutines, t.files = n, files
	}
	t.goroutines, t.files = min(t.goroutines, n), min(t.files, files)
}

// resident returns the bytes of memory that the process has; where the system does not say
// it, those that the Go runtime has.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err == nil {
		for line := range strings.Lines(string(b)) {
			if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
				n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
				return n << 10
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}

// openFiles returns how many files are open; -1 where the system does not say it.
func openFiles() int {
	f, err := os.Open("/proc/self/fd")
	if err != nil {
		return -1
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return -1
	}
	return len(names) - 1 // without the folder itself
}

func heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
