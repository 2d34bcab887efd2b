// Package keep writes the signal of chosen segments of a run into a folder, each as a file
// with a row in index.csv that says what the model made of it, and keeps what people say of
// them. [Open] and [Keeper.Tap] keep; [ReadIndex] reads what was kept.
//
// A file holds the samples that the model had, at its rate, so that the model gives the same
// probabilities for the file as it gave live, to the bit. Sound is FLAC if that holds the
// samples exactly, else WAV; other signals are tables; a text is in its row. The folder is a
// data set, of which each label is what the model said.
package keep

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"inkling/capture"
	"inkling/internal/lockfile"
	"inkling/model"
	"inkling/stream"
)

// When is a reason to keep a segment.
type When string

const (
	Unsure     When = "unsure"     // the probability of its label is below Options.Unsure
	Rejected   When = "rejected"   // a rule held its label back
	Overturned When = "overturned" // its label is not the last running one
	Confirmed  When = "confirmed"  // it has a label
	All        When = "all"        // it ended
)

// Whens are all reasons.
func Whens() []When { return []When{Unsure, Rejected, Overturned, Confirmed, All} }

// Options of Open. A zero field takes the default in brackets.
type Options struct {
	Dir    string        // created if need be; one Keeper has it at a time
	When   []When        // any of these is enough [Unsure, Rejected, Overturned]
	Unsure float64       // [0.8]
	Max    int64         // bytes that Dir may take; the oldest segments make room [2 GB]
	Age    time.Duration // after which segments are removed [none are]
	Daily  int64         // bytes that may be written in a day of UTC, about; then no more segments are kept until the next one [no limit]
	Queue  int           // bytes of segments that wait to be written, beyond which further ones are not kept [64 MB]

	// Failed, if set, is called when segments cannot be kept, once until the reason is
	// another, and with nil when they are kept again. Calls do not overlap.
	Failed func(error)

	now    func() time.Time     // test clock
	asleep func() time.Duration // how long the machine was, since some time; for tests
}

const (
	leastMax     = 1 << 20
	defaultMax   = 2e9
	defaultQueue = 64 << 20
)

// Check returns the error of Open about the options.
func (o Options) Check() error { return o.fill() }

func (o *Options) fill() error {
	if len(o.When) == 0 {
		o.When = []When{Unsure, Rejected, Overturned}
	}
	for _, w := range o.When {
		if !slices.Contains(Whens(), w) {
			return fmt.Errorf("keep.Options.When: %q is no reason to keep a segment: give some of %s", w, strings.Join(names(Whens()), ", "))
		}
	}
	if o.Unsure == 0 {
		o.Unsure = 0.8
	}
	if o.Max == 0 {
		o.Max = defaultMax
	}
	if o.Queue == 0 {
		o.Queue = defaultQueue
	}
	if o.now == nil {
		o.now = time.Now
	}
	if o.asleep == nil {
		o.asleep = asleep
	}
	switch {
	case o.Dir == "":
		return errors.New("keep.Options.Dir: name a folder")
	case !(o.Unsure > 0 && o.Unsure <= 1):
		return fmt.Errorf("keep.Options.Unsure: %v is no probability: give more than 0, and at most 1", o.Unsure)
	case o.Max < leastMax:
		return fmt.Errorf("keep.Options.Max: %d bytes are too few: give %d or more", o.Max, leastMax)
	case o.Daily != 0 && o.Daily < leastMax:
		return fmt.Errorf("keep.Options.Daily: %d bytes are too few: give %d or more", o.Daily, leastMax)
	case o.Age < 0:
		return fmt.Errorf("keep.Options.Age: %v: give more than 0, or leave it out", o.Age)
	}
	return nil
}

func names(list []When) (out []string) {
	for _, w := range list {
		out = append(out, string(w))
	}
	return out
}

// A Keeper keeps segments. Its methods may be called at the same time, but for Close.
type Keeper struct {
	o       Options
	folder  *folder
	daily   *daily
	release func()
	jobs    chan job
	full    chan struct{} // holds a token if the day has just had no room for a segment
	done    chan struct{}
	waiting atomic.Int64 // bytes in jobs
	lost    atomic.Uint64
	failed  string // how the last segment could not be kept; of the goroutine that writes

	mu   sync.Mutex
	used map[string]bool // names given out, of what is not in the folder yet
}

// A job is a segment to write.
type job struct {
	clip   Clip
	format capture.Format
	signal []float32
	names  []string // of channels

	reserved int64 // of the day's bytes
}

// Open locks and opens the folder, which a crash may have left in any state.
func Open(o Options) (*Keeper, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	folder, err := openFolder(o.Dir, o.Max, o.Age)
	if err != nil {
		return nil, err
	}
	release, err := lockfile.Take(folder.index())
	if err != nil {
		return nil, err
	}
	daily := newDaily(&o)
	folder.found = daily.found
	if err := folder.load(o.now()); err != nil {
		release()
		return nil, err
	}
	k := &Keeper{o: o, folder: folder, daily: daily, release: release, jobs: make(chan job, 1024), full: make(chan struct{}, 1),
		done: make(chan struct{}), used: map[string]bool{}}
	go k.write()
	return k, nil
}

// Check returns an error if the segments of m cannot be kept so that they say the same again.
func Check(m *model.Model) error {
	switch c := &m.Config; {
	case m.HasNext():
		return errors.New("keep: the model says what comes next, and its stream is one segment: there is nothing to keep")
	case c.Front.Context > 0:
		return errors.New("keep: what the model says of a heartbeat depends on the beats around it, which the segment does not hold: record the source instead")
	}
	return nil
}

// Lost returns the number of segments that were to be kept and are not, since the disk was
// too slow or refused them, or the day had no room for them.
func (k *Keeper) Lost() uint64 { return k.lost.Load() }

// Close writes what waits, and gives the folder free.
func (k *Keeper) Close() error {
	close(k.jobs)
	<-k.done
	err := k.folder.close()
	k.release()
	return err
}

// write writes the jobs, and removes what is too old.
func (k *Keeper) write() {
	defer close(k.done)
	clock := newSteadyClock(&k.o)
	hourly := time.NewTicker(time.Hour)
	defer hourly.Stop()
	for {
		select {
		case j, more := <-k.jobs:
			if !more {
				return
			}
			err := k.folder.add(&j)
			k.waiting.Add(-size(&j))
			k.daily.count(j.reserved, k.folder.spent())
			if err != nil {
				k.lost.Add(1)
			}
			k.free(j.clip.File)
			k.tell(err)
		case <-k.full:
			k.tell(nil)
		case <-hourly.C:
			err := k.folder.expire(clock.now())
			k.daily.count(0, k.folder.spent())
			if err != nil { // that it went well does not say that segments can be kept
				k.tell(err)
			}
		}
	}
}

func size(j *job) int64 { return int64(4*len(j.signal)) + 1024 }

// tell reports a failure, or that the day has no room, once.
func (k *Keeper) tell(err error) {
	if err == nil {
		err = k.daily.err()
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != k.failed && k.o.Failed != nil {
		k.o.Failed(err)
	}
	k.failed = text
}

// Tap returns the tap of a stream, for stream.RunOptions.Taps.
func (k *Keeper) Tap(string) stream.Tap { return &tap{k: k} }

// name returns an unused name for the file of a segment.
func (k *Keeper) name(stem, ext string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	name := stem + ext
	for n := 2; k.used[name] || k.folder.has(name); n++ {
		name = fmt.Sprintf("%s-%d%s", stem, n, ext)
	}
	k.used[name] = true
	return name
}

// free forgets a name that was given out: the folder has it now, or nobody.
func (k *Keeper) free(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.used, name)
}

// put queues a segment, unless too many wait or the day has no room for it.
func (k *Keeper) put(j job) bool {
	if k.waiting.Add(size(&j)) <= int64(k.o.Queue) && k.fits(&j) {
		select {
		case k.jobs <- j:
			return true
		default:
		}
		k.daily.count(j.reserved, 0)
	}
	k.free(j.clip.File)
	k.waiting.Add(-size(&j))
	k.lost.Add(1)
	return false
}

// fits reserves the bytes of a segment, if the day has room for it.
func (k *Keeper) fits(j *job) bool {
	j.reserved = j.most()
	if k.daily.reserve(j.reserved) {
		return true
	}
	select {
	case k.full <- struct{}{}:
	default:
	}
	return false
}
