package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"inkling/model"
	"inkling/model/calibrate"
)

// checkpointVersion is that of the file; it has been 2 since version 0.1.
const checkpointVersion = 2

// A checkpoint begins with sealMark and the SHA-256 of what follows. Those of version 0.1
// do not.
const sealMark = "inkling checkpoint\n"

// seal returns a checkpoint of content.
func seal(content []byte) []byte {
	sum := sha256.Sum256(content)
	return slices.Concat([]byte(sealMark), sum[:], content)
}

// unseal returns the content of a checkpoint.
func unseal(data []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(data, []byte(sealMark))
	if !ok {
		return data, nil
	}
	if len(rest) < sha256.Size {
		return nil, errDamaged
	}
	if sum := sha256.Sum256(rest[sha256.Size:]); !bytes.Equal(sum[:], rest[:sha256.Size]) {
		return nil, errDamaged
	}
	return rest[sha256.Size:], nil
}

// The types saved… are a checkpoint's content, encoded by gob, which writes the names of
// their fields: those names are the format and stay. The types of the training beside
// them may change; the conversions no longer compile if they do.
type saved struct {
	Version int
	Made    map[string]string // what the training follows from, see identity
	Whole   savedPart
	Crossed savedCrossing
	Fold    *savedPart  // under way after Crossed.Done others, before there were Folds
	Folds   []savedFold // those that were begun
	Hearing *savedHearing
}

// savedHearing is how far the training of the detectors is. Until it is over there is nothing
// else.
type savedHearing struct {
	Made      map[string]string // what it follows from
	Detectors [][]byte          // model files of those that are trained
	Part      *savedPart        // of the next one, if it was begun
}

// savedFold is how far the training of a fold is: done, or under way.
type savedFold struct {
	Fold     int
	Done     bool
	Verdicts []savedVerdict
	Cuts     []savedVerdict
	Streamed [][]savedVerdict
	Part     *savedPart
}

// savedPart is how far one training is.
type savedPart struct {
	Progress savedProgress
	Step     int
	Tensors  [][]float32 // of params, best, average, m, v, in that order
}

type savedProgress struct {
	Epoch     int
	Update    int
	Sums      savedSums
	BestLoss  float64
	BestEpoch int
	Rows      []savedRow
}

type savedSums struct {
	Loss, Norm       float64
	Confirm, Running int
}

type savedRow struct {
	Epoch, Updates             int
	LR, Norm                   float64
	Loss                       float64
	Confirm, Running           float64
	ValidLoss                  float64
	ValidConfirm, ValidRunning float64
	Majority                   int
	Validated                  int
	Seconds                    float64
}

type savedCrossing struct {
	Done     int
	Verdicts []savedVerdict
	Cuts     []savedVerdict
}

type savedVerdict struct {
	Label   int
	Labels  []int32
	Running []float32
	Probs   []float32

	Counted, Unsure int
	Dropped         bool
}

func (p *progress) saved() savedProgress {
	s := savedProgress{Epoch: p.Epoch, Update: p.Update, Sums: savedSums(p.Sums), BestLoss: p.BestLoss, BestEpoch: p.BestEpoch}
	for _, r := range p.Rows {
		s.Rows = append(s.Rows, savedRow(r))
	}
	return s
}

func (s *savedProgress) progress() progress {
	p := progress{Epoch: s.Epoch, Update: s.Update, Sums: sums(s.Sums), BestLoss: s.BestLoss, BestEpoch: s.BestEpoch}
	for _, r := range s.Rows {
		p.Rows = append(p.Rows, Row(r))
	}
	return p
}

// saved lists the folds that were begun. Those under way stand still while they are read.
func (c *crossing) saved() (folds []savedFold) {
	for k, done := range c.done {
		s := savedFold{Fold: k, Done: done, Part: c.resumed[k]}
		if f := c.under[k]; f != nil {
			f.busy.Lock()
			p := f.part()
			for i, x := range p.Tensors { // the fold goes on before they are written
				p.Tensors[i] = slices.Clone(x)
			}
			f.busy.Unlock()
			s.Part = &p
		}
		for _, v := range c.verdicts[k] {
			s.Verdicts = append(s.Verdicts, savedVerdict(v))
		}
		for _, v := range c.cuts[k] {
			s.Cuts = append(s.Cuts, savedVerdict(v))
		}
		for way, vs := range c.streamed[k] {
			s.Streamed = append(s.Streamed, nil)
			for _, v := range vs {
				s.Streamed[way] = append(s.Streamed[way], savedVerdict(v))
			}
		}
		if done || s.Part != nil {
			folds = append(folds, s)
		}
	}
	return folds
}

// folds lists the folds of a checkpoint. Before there was such a list, folds were trained one
// after another, and the verdicts of all that were done stood together.
func (s *saved) folds() []savedFold {
	if s.Folds != nil {
		return s.Folds
	}
	var folds []savedFold
	for k := range s.Crossed.Done {
		folds = append(folds, savedFold{Fold: k, Done: true})
	}
	if len(folds) > 0 {
		folds[0].Verdicts = s.Crossed.Verdicts
	}
	if s.Fold != nil {
		folds = append(folds, savedFold{Fold: s.Crossed.Done, Part: s.Fold})
	}
	return folds
}

// restored returns what folds hold of a cross-fitting of n folds with the given number of
// labels, and reports whether that is possible.
func restored(folds []savedFold, n, labels int) (c crossing, ok bool) {
	c = newCrossing(n)
	for _, s := range folds {
		if s.Fold < 0 || s.Fold >= n || !possible(s.Verdicts, labels) || !possible(s.Cuts, labels) || !s.Done && s.Part == nil {
			return c, false
		}
		c.done[s.Fold] = s.Done
		if !s.Done {
			c.resumed[s.Fold] = s.Part
		}
		for _, v := range s.Verdicts {
			c.verdicts[s.Fold] = append(c.verdicts[s.Fold], calibrate.HeldOut(v))
		}
		for _, v := range s.Cuts {
			c.cuts[s.Fold] = append(c.cuts[s.Fold], calibrate.HeldOut(v))
		}
		for way, vs := range s.Streamed {
			if !possible(vs, labels) {
				return c, false
			}
			c.streamed[s.Fold] = append(c.streamed[s.Fold], nil)
			for _, v := range vs {
				c.streamed[s.Fold][way] = append(c.streamed[s.Fold][way], calibrate.HeldOut(v))
			}
		}
	}
	return c, true
}

// identity lists everything that determines the training.
func (t *trainer) identity() map[string]string {
	config, err := json.Marshal(t.config)
	if err != nil {
		panic(err) // a checked Config holds no value that JSON cannot
	}
	id := t.o.kept()
	id["seed"] = fmt.Sprint(t.o.Seed)
	id["training data"] = t.train.origin.Hash
	id["network, front end and segmenter"] = string(config)
	if t.valid != nil {
		id["validation data"] = t.valid.set.Hash
	}
	return id
}

func (t *trainer) arrays() [][]float32 {
	var a [][]float32
	for _, p := range []*model.Params{t.params, t.best, t.average, t.opt.m, t.opt.v} {
		for _, x := range p.Tensors() {
			a = append(a, x.Data)
		}
	}
	return a
}

// save makes a checkpoint of the training between two updates.
func (t *trainer) save() []byte {
	s := saved{Version: checkpointVersion, Made: t.identity(), Whole: t.part(), Folds: t.crossed.saved()}
	if t.hearing != nil {
		s.Hearing = t.hearing.saved
	}
	return s.bytes()
}

func (s *saved) bytes() []byte {
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(s); err != nil {
		panic(err) // nothing in saved can fail
	}
	return seal(buf.Bytes())
}

// readCheckpoint returns the content of a checkpoint; nil if there is none.
func readCheckpoint(data []byte) (*saved, error) {
	if data == nil {
		return nil, nil
	}
	content, err := unseal(data)
	if err != nil {
		return nil, err
	}
	var s saved
	if err := gob.NewDecoder(bytes.NewReader(content)).Decode(&s); err != nil {
		return nil, fmt.Errorf("train: %w cannot be read (%w): remove it to begin anew", ErrCheckpoint, err)
	}
	if s.Version != checkpointVersion {
		return nil, fmt.Errorf("train: %w has version %d, not %d: finish it with the program that began it, or remove it to begin anew", ErrCheckpoint, s.Version, checkpointVersion)
	}
	return &s, nil
}

// another returns an error unless what a checkpoint follows from is what this training does.
func another(made, own map[string]string) error {
	if d := difference(made, own); d != "" {
		return fmt.Errorf("train: %w is of another training (%s): give the same data and options, or remove it to begin anew", ErrCheckpoint, d)
	}
	return nil
}

func (t *trainer) part() savedPart {
	return savedPart{Progress: t.progress.saved(), Step: t.opt.step, Tensors: t.arrays()}
}

// restore continues from a checkpoint of the same data and options.
func (t *trainer) restore(data []byte) error {
	s, err := readCheckpoint(data)
	if err != nil || s.Made == nil && s.Hearing != nil {
		return err // interrupted in the training of the detectors
	}
	if err := another(s.Made, t.identity()); err != nil {
		return err
	}
	if n := s.Crossed.Done; n < 0 || n > len(t.folds) {
		return errDamaged
	}
	crossed, ok := restored(s.folds(), len(t.folds), len(t.config.Labels))
	if !ok {
		return errDamaged
	}
	if err := t.resume(&s.Whole); err != nil {
		return err
	}
	t.crossed = crossed
	return nil
}

// possible reports whether verdicts have the sizes of a training of n labels.
func possible(verdicts []savedVerdict, n int) bool {
	if n == 0 {
		return len(verdicts) == 0
	}
	for _, v := range verdicts {
		steps := len(v.Running) / n
		if v.Label < -1 || v.Label >= n || len(v.Probs) != n || len(v.Running)%n != 0 || v.Labels != nil && v.Running != nil && len(v.Labels) != steps ||
			v.Counted < 0 || v.Counted > steps || v.Unsure < 0 || v.Unsure > steps {
			return false
		}
		for _, l := range v.Labels {
			if l < -1 || int(l) >= n {
				return false
			}
		}
	}
	return true
}

// ErrCheckpoint says that a training cannot go on from its checkpoint, and why.
var ErrCheckpoint = errors.New("the checkpoint")

var errDamaged = fmt.Errorf("train: %w is damaged: remove it to begin anew", ErrCheckpoint)

// resume continues from what a checkpoint holds of this training.
func (t *trainer) resume(s *savedPart) error {
	dst := t.arrays()
	same := len(s.Tensors) == len(dst)
	for i := range dst {
		same = same && len(s.Tensors[i]) == len(dst[i])
	}
	p := s.Progress.progress()
	if !same || s.Step < 0 || p.Epoch != len(p.Rows) || p.BestEpoch < 0 || p.BestEpoch > p.Epoch || p.Epoch > t.o.Epochs ||
		p.Update < 0 || p.Update > t.perEpoch || s.Step != p.Epoch*t.perEpoch+p.Update {
		return errDamaged
	}
	for i, d := range dst {
		copy(d, s.Tensors[i])
	}
	t.progress, t.opt.step = p, s.Step
	return nil
}

// difference names the first thing that a and b do not agree on; "" if there is none.
func difference(a, b map[string]string) string {
	keys := maps.Clone(a)
	maps.Copy(keys, b)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if a[k] != b[k] {
			return fmt.Sprintf("%s was %q, now %q", k, a[k], b[k])
		}
	}
	return ""
}
