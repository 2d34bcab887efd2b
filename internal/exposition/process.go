package exposition

import (
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

var (
	goroutines = &Desc{Name: "go_goroutines", Help: "Number of goroutines that currently exist.", Kind: "gauge"}
	heap       = &Desc{Name: "go_memstats_heap_alloc_bytes", Help: "Number of heap bytes allocated and currently in use.", Kind: "gauge"}
	cycles     = &Desc{Name: "go_gc_cycles_total_gc_cycles_total", Help: "Count of all completed GC cycles.", Kind: "counter"}
	resident   = &Desc{Name: "process_resident_memory_bytes", Help: "Resident memory size in bytes.", Kind: "gauge"}
	files      = &Desc{Name: "process_open_fds", Help: "Number of open file descriptors.", Kind: "gauge"}
	start      = &Desc{Name: "process_start_time_seconds", Help: "Start time of the process since unix epoch in seconds.", Kind: "gauge"}
)

// A Process has the figures of this process that matter on a device, named as those of the
// client library.
type Process struct{ began float64 }

// NewProcess returns the figures of a process that begins now.
func NewProcess() *Process { return &Process{float64(time.Now().UnixNano()) / 1e9} }

// Collect implements Collector. What the system does not tell is left out.
func (p *Process) Collect(emit func(Metric)) {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(s)
	emit(Metric{Desc: goroutines, Value: float64(runtime.NumGoroutine())})
	emit(Metric{Desc: heap, Value: float64(s[0].Value.Uint64())})
	emit(Metric{Desc: cycles, Value: float64(s[1].Value.Uint64())})
	emit(Metric{Desc: start, Value: p.began})
	if n := Resident(); n > 0 {
		emit(Metric{Desc: resident, Value: float64(n)})
	}
	if list, err := os.ReadDir("/proc/self/fd"); err == nil {
		emit(Metric{Desc: files, Value: float64(len(list))})
	}
}

// Resident returns the resident memory of the process in bytes, or 0 where the system has
// no /proc.
func Resident() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
