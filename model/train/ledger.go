package train

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Progress is how far a training is after an update.
type Progress struct {
	Part            string // what is trained: FinalModel, "fold 2 of 5"
	Update, Updates int    // of that part: done, and planned
	Loss            float64
	Share           float64       // of the work of all parts that is done, 0 to 1
	Left            time.Duration // for all parts, at the pace so far; 0 if it is not known yet
}

// FinalModel is the Part of Progress that becomes the model.
const FinalModel = "final model"

// A ledger counts the work of all parts of a training. Work has any unit that is the same for
// all parts; the parts here count timesteps. Its methods may be called concurrently.
type ledger struct {
	mu    sync.Mutex
	parts []part
	began time.Time
	first float64 // share done when it began
}

type part struct {
	name       string // of one that is no fold
	fold       int    // number of a fold, from 1
	work, done float64
}

// paceShare and paceTime are what must have passed before Left is told.
const (
	paceShare = 0.005
	paceTime  = 2 * time.Second
)

// add appends a part and returns its index.
func (l *ledger) add(p part) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.parts = append(l.parts, p)
	return len(l.parts) - 1
}

// addDone adds a part that is done and was the given share of all work.
func (l *ledger) addDone(name string, share float64) {
	work := 0.0
	for _, p := range l.parts {
		work += p.work
	}
	work *= share / (1 - share)
	l.add(part{name: name, work: work, done: work})
}

// plan changes the work of part i.
func (l *ledger) plan(i int, work float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.parts[i].work = work
}

// begin sets the clock from which the pace is measured.
func (l *ledger) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.began, l.first = time.Now(), l.share()
}

// share returns the share of the work that is done.
func (l *ledger) share() float64 {
	done, work := 0.0, 0.0
	for _, p := range l.parts {
		done, work = done+min(p.done, p.work), work+p.work
	}
	if work == 0 {
		return 0
	}
	return done / work
}

// note records that update of updates of part i are done and returns how far the training is.
func (l *ledger) note(i, update, updates int, loss float64) Progress {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.parts[i].done = l.parts[i].work * float64(update) / float64(max(updates, 1))
	p := Progress{Part: l.underway(i), Update: update, Updates: updates, Loss: loss, Share: l.share()}
	if since := time.Since(l.began); since > paceTime && p.Share-l.first > paceShare {
		p.Left = time.Duration(float64(since) * (1 - p.Share) / (p.Share - l.first))
	}
	return p
}

// underway names part i and the folds that are trained beside it: folds 2 and 3 of 5.
func (l *ledger) underway(i int) string {
	p := &l.parts[i]
	if p.fold == 0 {
		return p.name
	}
	var beside []string
	folds := 0
	for j, q := range l.parts {
		if q.fold == 0 {
			continue
		}
		folds++
		if j == i || q.done > 0 && q.done < q.work {
			beside = append(beside, strconv.Itoa(q.fold))
		}
	}
	last := len(beside) - 1
	if last == 0 {
		return fmt.Sprintf("fold %d of %d", p.fold, folds)
	}
	return fmt.Sprintf("folds %s and %s of %d", strings.Join(beside[:last], ", "), beside[last], folds)
}

// enter makes the ledger of a training that has the given folds; whole reports whether there
// is a training on the whole set too.
func (t *trainer) enter(folds []fold, whole bool) {
	t.folds, t.crossed = folds, newCrossing(len(folds))
	t.ledger, t.entry = &ledger{}, 0
	final := part{name: FinalModel}
	if whole {
		final.work = t.work()
	}
	t.ledger.add(final)
	for i, f := range folds {
		share := float64(len(f.train.Examples)) / float64(len(t.train.origin.Examples))
		t.ledger.add(part{fold: i + 1, work: t.work() * share * cmp.Or(t.o.FoldShare, 1)})
	}
}

// work returns the work of all updates: timesteps.
func (t *trainer) work() float64 {
	_, mean := t.train.steps()
	return mean * float64(len(t.train.plain)) * float64(t.o.Epochs)
}
