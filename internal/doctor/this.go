package doctor

import (
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This returns the machine that the program runs on, but for its kernels and its sound, which
// the caller knows.
func This() *Machine {
	m := &Machine{Files: os.DirFS("/"), OS: runtime.GOOS, Arch: runtime.GOARCH, Clock: readClock, Disk: realDisk{}, Built: built(),
		User: User{Name: strconv.Itoa(os.Getuid()), ID: os.Getuid()}}
	for line := range strings.Lines(m.read("etc/passwd")) {
		if parts := strings.SplitN(line, ":", 4); len(parts) == 4 && parts[2] == strconv.Itoa(m.User.ID) {
			m.User.Name = parts[0]
			break
		}
	}
	m.User.Groups, _ = os.Getgroups()
	m.User.Groups = append(m.User.Groups, os.Getgid())
	if os.Getenv("GOMEMLIMIT") != "" {
		m.Limit = debug.SetMemoryLimit(-1)
	}
	return m
}

// built returns when the program was built at the earliest: the time of its last commit, or
// else of its file.
func built() (t time.Time) {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.time" {
				t, _ = time.Parse(time.RFC3339, s.Value)
			}
		}
	}
	if name, err := os.Executable(); err == nil && t.IsZero() {
		if info, err := os.Stat(name); err == nil {
			t = info.ModTime()
		}
	}
	return t
}

// A realDisk is what the system calls one.
type realDisk struct{}

func (realDisk) Space(dir string) (Space, error) { return space(dir) }

func (realDisk) Write(dir string) (time.Duration, error) {
	f, err := os.CreateTemp(dir, ".inkling-doctor-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	var took []time.Duration
	page := make([]byte, 4096)
	for i := range 5 {
		page[0] = byte(i)
		began := time.Now()
		if _, err := f.WriteAt(page, int64(i*len(page))); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
