package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A Disk is what folders are on.
type Disk interface {
	// Space returns what the file system of a folder has.
	Space(dir string) (Space, error)
	// Write writes a small file into a folder, has it reach the disk, and removes it; it
	// returns the median time that reaching the disk took.
	Write(dir string) (time.Duration, error)
}

// Space is what a file system has.
type Space struct {
	Free, Total int64 // bytes
	Files       int64 // that can still be made; negative: unknown
}

// A Folder is one that is written to.
type Folder struct {
	Path string
	File string // the one in it that is written; "": any
	For  string // the key that names it: keep, spill, state
	Made bool   // by the program, if it is not there
	Most int64  // bytes that it may take; 0: no limit
	Key  string // that bounds them
	By   string // the pipeline's name; "": there is one alone
}

const (
	slowest   = 200 * time.Millisecond // for a small file to reach the disk
	leastFree = 64 << 20
)

// Folder says whether f can be written to, for long, and how fast.
func (m *Machine) Folder(f Folder) (all []Finding) {
	const check = "disk"
	name := fmt.Sprintf("%s%s (%s)", by(f.By), f.Path, f.For)
	dir := f.Path
	space, err := m.Disk.Space(dir)
	for f.Made && errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
		dir = filepath.Dir(dir)
		space, err = m.Disk.Space(dir)
	}
	var took time.Duration
	if err == nil {
		took, err = m.Disk.Write(dir)
	}
	point, kind := m.mount(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []Finding{fail(check, "mkdir -p "+f.Path, "%s: the folder is not there", name)}
	case errors.Is(err, syscall.EROFS):
		return []Finding{fail(check, fmt.Sprintf("sudo dmesg | grep -iE 'mmc|ext4|i/o error' | tail; sudo mount -o remount,rw %s", point),
			"%s: the file system %s is read-only: it was mounted so, or the kernel has made it so after an error of the disk", name, point)}
	case errors.Is(err, syscall.ENOSPC) || err == nil && space.Free < 1<<20:
		return []Finding{fail(check, fmt.Sprintf("sudo journalctl --vacuum-size=50M; sudo du -xh -d2 %s | sort -h | tail", point), "%s: the disk is full", name)}
	case errors.Is(err, fs.ErrPermission):
		return []Finding{fail(check, fmt.Sprintf("sudo chown %s %s", m.User.Name, dir), "%s: %s may not write there", name, m.User.Name)}
	case err != nil:
		return []Finding{fail(check, "sudo dmesg | tail", "%s: %v", name, err)}
	}
	free := float64(space.Free)
	if kind == "tmpfs" && f.For != working {
		all = append(all, warn(check, f.kept(), "%s is in the memory, and gone after a restart", name))
	}
	switch {
	case space.Files >= 0 && space.Files < 100:
		all = append(all, fail(check, fmt.Sprintf("sudo du --inodes -x -d2 %s | sort -n | tail", point), "%s: the file system can make only %d more files", name, space.Files))
	case space.Free < leastFree || space.Free < space.Total/50:
		all = append(all, warn(check, fmt.Sprintf("sudo journalctl --vacuum-size=50M; sudo du -xh -d2 %s | sort -h | tail", point), "%s: only %s of %s are free", name, size(space.Free), size(space.Total)))
	case f.Most > space.Free:
		all = append(all, warn(check, fmt.Sprintf(`%s = "%dMB"`, f.Key, max(space.Free/2/1e6, 1)), "%s may take %s, and %s are free", name, size(f.Most), size(space.Free)))
	}
	if took > slowest {
		all = append(all, warn(check, `save-every = "1m", or a folder on another disk`, "%s: a small file takes %s to reach the disk, and saving waits as long", name, took.Round(time.Millisecond)))
	}
	if len(all) == 0 {
		all = append(all, ok(check, "%s: %s of %s free, %s until a small file is on the disk", name, size(space.Free), size(space.Total), took.Round(10*time.Microsecond)))
	}
	all[0] = all[0].with("free_bytes", free, "fsync_ms", float64(took.Microseconds())/1e3)
	return all
}

// kept returns the key that puts what is written onto the disk.
func (f *Folder) kept() string {
	kind := ""
	if f.For == "to" {
		kind = "file:"
	}
	name := f.File
	if name == "" {
		name = filepath.Base(f.Path)
	}
	return fmt.Sprintf("%s = %q", f.For, kind+"/var/lib/inkling/"+name)
}

// working is what a folder is for that nothing in particular is written to.
const working = "the working folder"

// Working is the folder in which the program runs.
func Working() Folder { return Folder{Path: ".", For: working} }

// mount returns where the file system of a folder is mounted, and its kind.
func (m *Machine) mount(dir string) (point, kind string) {
	if whole, err := filepath.Abs(dir); err == nil {
		dir = whole
	}
	point = "/"
	longest := -1
	for line := range strings.Lines(m.read("proc/self/mounts")) {
		parts := strings.Fields(line)
		if len(parts) < 3 {
			continue
		}
		at := strings.ReplaceAll(parts[1], `\040`, " ")
		if (dir == at || at == "/" || strings.HasPrefix(dir, at+"/")) && len(at) >= longest {
			longest, point, kind = len(at), at, parts[2]
		}
	}
	return point, kind
}
