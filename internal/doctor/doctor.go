// Package doctor says what keeps a machine from running inkling well, and the command that
// mends it.
//
// A Machine is what the checks look at: [This] returns the one that the program runs on, and
// tests make theirs up. The checks change nothing, but for a file that [Machine.Folder] writes
// and removes.
package doctor

import (
	"bytes"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// A Level says how bad a Finding is.
type Level string

const (
	OK   Level = "ok"
	Warn Level = "warn" // it works, but not well, or not for long
	Fail Level = "fail" // it does not work
)

// A Finding is one thing that a check has found.
type Finding struct {
	Check  string             `json:"check"` // clock, disk, …
	Level  Level              `json:"level"`
	Text   string             `json:"text"`             // what there is, or what is wrong
	Remedy string             `json:"remedy,omitempty"` // the command that mends it
	Values map[string]float64 `json:"values,omitempty"` // what was measured
}

// Worst returns the level of the worst of the findings; OK if there is none.
func Worst(all []Finding) Level {
	worst := OK
	for _, f := range all {
		if f.Level == Fail || f.Level == Warn && worst == OK {
			worst = f.Level
		}
	}
	return worst
}

// A Machine is what the checks look at.
type Machine struct {
	Files    fs.FS  // from the root: proc/meminfo, sys/class, etc/group
	OS, Arch string // as GOOS and GOARCH
	User     User

	Kernel  string   // the vector kernels in use
	Kernels []string // those that the program can run here, the fastest last

	Limit int64 // GOMEMLIMIT, in bytes; 0: none
	Built time.Time
	Clock func() Reading
	Disk  Disk
	Sound func() ([]Card, error)
}

// A User is who runs the program.
type User struct {
	Name   string
	ID     int
	Groups []int // that the process has
}

// ok, warn and fail return findings of a check. A remedy is formatted by its caller.

func ok(check, format string, args ...any) Finding {
	return Finding{Check: check, Level: OK, Text: fmt.Sprintf(format, args...)}
}

func warn(check, remedy, format string, args ...any) Finding {
	return Finding{Check: check, Level: Warn, Remedy: remedy, Text: fmt.Sprintf(format, args...)}
}

func fail(check, remedy, format string, args ...any) Finding {
	return Finding{Check: check, Level: Fail, Remedy: remedy, Text: fmt.Sprintf(format, args...)}
}

// with returns f with measured values: names and numbers in turn.
func (f Finding) with(values ...any) Finding {
	f.Values = map[string]float64{}
	for i := 0; i < len(values); i += 2 {
		f.Values[values[i].(string)] = values[i+1].(float64)
	}
	return f
}

// read returns the text of a file without the space around it; "" if it cannot be read.
func (m *Machine) read(name string) string {
	b, err := fs.ReadFile(m.Files, name)
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(bytes.TrimRight(b, "\x00")))
}

// number returns the number that a file holds.
func (m *Machine) number(name string) (int64, bool) {
	n, err := strconv.ParseInt(m.read(name), 10, 64)
	return n, err == nil
}

func (m *Machine) exists(name string) bool {
	_, err := fs.Stat(m.Files, name)
	return err == nil
}

// field returns the value of the first line of text that is "NAME: VALUE", with any space
// before the colon.
func field(text, name string) string {
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(line, ":")
		if found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// kilobytes returns the bytes of a field such as "MemTotal:  948 kB".
func kilobytes(text, name string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimSuffix(field(text, name), " kB"), 10, 64)
	return n << 10, err == nil
}

// size writes a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 10e9:
		return fmt.Sprintf("%d GB", n/1e9)
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%d MB", n/1e6)
	}
	return fmt.Sprintf("%d kB", n/1e3)
}

// plural writes a number of things.
func plural[N int | uint64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
