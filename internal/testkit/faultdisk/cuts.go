package faultdisk

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"testing"

	"inkling/internal/disk"
)

// A Recorder has every operation since Record.
type Recorder struct {
	root  string
	begin []Op // that make what was there
	sys   *system
	ops   []Op
}

// Record records the operations below dir until the test ends. What is there already counts
// as on the disk.
func Record(t testing.TB, dir string) *Recorder {
	r := &Recorder{root: dir}
	r.sys = &system{root: dir, files: map[string]int{}}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		rel := r.sys.rel(name)
		if d.IsDir() {
			r.begin = append(r.begin, Op{Kind: Mkdir, Name: rel})
			return nil
		}
		data, err := os.ReadFile(name)
		r.begin = append(r.begin, Op{Kind: Create, Name: rel, file: r.sys.id(rel)}, Op{Kind: Write, Name: rel, Data: data, file: r.sys.id(rel)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r.sys.each = func(op Op) error { r.ops = append(r.ops, op); return nil }
	t.Cleanup(disk.Mount(dir, r.sys))
	return r
}

// Len returns the number of operations so far.
func (r *Recorder) Len() int {
	r.sys.mu.Lock()
	defer r.sys.mu.Unlock()
	return len(r.ops)
}

// Ops returns the operations so far.
func (r *Recorder) Ops() []Op {
	r.sys.mu.Lock()
	defer r.sys.mu.Unlock()
	return append([]Op(nil), r.ops...)
}

// A Cut is what a disk may hold after a power cut.
type Cut struct {
	After int    // operations had been begun
	What  string // of those that no sync had made sure of, which reached the disk
	Dir   string // the folder as it is then; the test may change it
}

func (c Cut) String() string {
	return fmt.Sprintf("power cut after %d operations, %s", c.After, c.What)
}

// A fate says what became of an operation that no sync had made sure of.
type fate int

const (
	lost   fate = iota
	done        // it is on the disk
	torn        // half of its data is
	zeroed      // the file has its length, and zeros for its data
)

// policies say what became of operations; rng draws, for each cut, the same.
var policies = []struct {
	what string
	of   func(op *Op, last bool, rng *rand.Rand) fate
}{
	{"all reached the disk", func(*Op, bool, *rand.Rand) fate { return done }},
	{"none reached the disk", func(*Op, bool, *rand.Rand) fate { return lost }},
	{"names reached the disk, data did not", func(op *Op, _ bool, _ *rand.Rand) fate { return either(op.data(), lost, done) }},
	{"data reached the disk, names did not", func(op *Op, _ bool, _ *rand.Rand) fate { return either(op.data(), done, lost) }},
	{"names and lengths reached the disk", func(op *Op, _ bool, _ *rand.Rand) fate { return either(op.Kind == Write, zeroed, done) }},
	{"the last one is half done", func(_ *Op, last bool, _ *rand.Rand) fate { return either(last, torn, done) }},
	{"some reached the disk", draw},
	{"others reached the disk", draw},
	{"yet others reached the disk", draw},
}

func either(yes bool, a, b fate) fate {
	if yes {
		return a
	}
	return b
}

func draw(op *Op, _ bool, rng *rand.Rand) fate {
	f := fate(rng.IntN(4))
	return either(op.Kind != Write && f > done, done, f)
}

// data reports whether an operation changes a file, not a folder.
func (op *Op) data() bool { return op.Kind == Write || op.Kind == Truncate }

// Cuts calls with for every power cut that differs: after each operation from the one
// numbered from on, and for each policy of what becomes of what had not been synced.
func (r *Recorder) Cuts(t *testing.T, from int, with func(Cut)) {
	t.Helper()
	ops := r.Ops()
	n := 0
	for after := from; after <= len(ops); after++ {
		seen := map[string]bool{}
		for i, p := range policies {
			rng := rand.New(rand.NewPCG(uint64(after), uint64(i)))
			d := r.image(ops[:after], func(op *Op, last bool) fate { return p.of(op, last, rng) })
			if key := d.String(); seen[key] {
				continue
			} else {
				seen[key] = true
			}
			dir, err := os.MkdirTemp(scratch(), "cut")
			if err != nil {
				t.Fatal(err)
			}
			if err := d.writeTo(dir); err != nil {
				t.Fatal(err)
			}
			n++
			unmount := disk.Mount(dir, healthy(dir))
			with(Cut{after, p.what, dir})
			unmount()
			os.RemoveAll(dir)
		}
	}
	t.Logf("%d operations, %d power cuts that differ", len(ops)-from, n)
}

// An image is what a disk holds.
type image struct {
	dirs  map[string]bool
	names map[string]int
	data  map[int][]byte
}

// image returns what the disk holds after ops if those that are not synced have these fates.
func (r *Recorder) image(ops []Op, of func(op *Op, last bool) fate) *image {
	d := &image{map[string]bool{".": true}, map[string]int{}, map[int][]byte{}}
	for i := range r.begin {
		d.apply(&r.begin[i], done)
	}
	sure := synced(ops)
	for i := range ops {
		f := done
		if !sure[i] {
			f = of(&ops[i], i == len(ops)-1)
		}
		d.apply(&ops[i], f)
	}
	return d
}

// synced returns which operations a later sync has made sure of.
func synced(ops []Op) []bool {
	sure := make([]bool, len(ops))
	files, dirs := map[int]bool{}, map[string]bool{}
	for i := len(ops) - 1; i >= 0; i-- {
		switch op := &ops[i]; {
		case op.Kind == Sync:
			files[op.file] = true
		case op.Kind == SyncDir:
			dirs[op.Name] = true
		case op.data():
			sure[i] = files[op.file]
		default:
			sure[i] = dirs[path.Dir(op.Name)]
		}
	}
	return sure
}

// apply applies an operation as far as its fate has it.
func (d *image) apply(op *Op, f fate) {
	if f == lost {
		return
	}
	switch op.Kind {
	case Create:
		if d.dirs[path.Dir(op.Name)] {
			d.names[op.Name] = op.file
		}
	case Write:
		data := op.Data
		switch f {
		case torn:
			data = data[:len(data)/2]
		case zeroed:
			data = make([]byte, len(data))
		}
		old := d.data[op.file]
		if need := int(op.Off) + len(data); len(old) < need {
			old = append(old, make([]byte, need-len(old))...)
		}
		copy(old[op.Off:], data)
		d.data[op.file] = old
	case Truncate:
		old := d.data[op.file]
		if len(old) < int(op.Off) {
			old = append(old, make([]byte, int(op.Off)-len(old))...)
		}
		d.data[op.file] = old[:op.Off:op.Off]
	case Rename:
		if id, ok := d.names[op.Name]; ok && d.dirs[path.Dir(op.To)] {
			delete(d.names, op.Name)
			d.names[op.To] = id
		}
	case Remove:
		delete(d.names, op.Name)
		if d.dirs[op.Name] && d.empty(op.Name) {
			delete(d.dirs, op.Name)
		}
	case Mkdir:
		if d.dirs[path.Dir(op.Name)] {
			d.dirs[op.Name] = true
		}
	}
}

func (d *image) empty(dir string) bool {
	for name := range d.names {
		if path.Dir(name) == dir {
			return false
		}
	}
	for name := range d.dirs {
		if path.Dir(name) == dir {
			return false
		}
	}
	return true
}

// String returns what tells two images apart.
func (d *image) String() string {
	files := map[string]string{}
	for name, id := range d.names {
		files[name] = string(d.data[id])
	}
	return fmt.Sprint(d.dirs, files)
}

func (d *image) writeTo(dir string) error {
	for name := range d.dirs {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(name)), 0o777); err != nil {
			return err
		}
	}
	for name, id := range d.names {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), d.data[id], 0o666); err != nil {
			return err
		}
	}
	return nil
}
