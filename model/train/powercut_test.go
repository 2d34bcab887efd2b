package train

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/internal/atomicfile"
	"inkling/internal/testkit/faultdisk"
)

// checkpointsOf trains, and returns the model file and the checkpoints of all updates.
func checkpointsOf(t *testing.T, o Options) (end []byte, all [][]byte) {
	t.Helper()
	end, _ = fitBytes(t, toySet(70, 1), o, Hooks{Checkpoint: func(write func() []byte) error {
		all = append(all, write())
		return nil
	}}, nil)
	if len(all) < 3 {
		t.Fatalf("%d checkpoints", len(all))
	}
	return end, all
}

// A power cut while checkpoints are written leaves one of them, whole, and the training that
// goes on from it ends in the same model.
func TestPowerCutDuringCheckpoints(t *testing.T) {
	o := toyOptions()
	end, all := checkpointsOf(t, o)
	dir := faultdisk.TempDir(t)
	name := filepath.Join(dir, "m.model.checkpoint")
	r := faultdisk.Record(t, dir)
	for _, c := range all[:2] {
		if err := atomicfile.WriteFile(name, func(w io.Writer) error { _, err := w.Write(c); return err }); err != nil {
			t.Fatal(err)
		}
	}
	var seen [3]int // none, the first, the second
	r.Cuts(t, 0, func(c faultdisk.Cut) {
		left, err := os.ReadFile(filepath.Join(c.Dir, "m.model.checkpoint"))
		switch {
		case errors.Is(err, os.ErrNotExist):
			seen[0]++
		case bytes.Equal(left, all[0]):
			seen[1]++
		case bytes.Equal(left, all[1]):
			seen[2]++
		default:
			t.Errorf("%v: %d bytes that are neither checkpoint, %v", c, len(left), err)
		}
	})
	if seen[0] == 0 || seen[1] == 0 || seen[2] == 0 {
		t.Errorf("none, the first and the second checkpoint were left %v times", seen)
	}
	for i, c := range all[:2] {
		if got, _ := fitBytes(t, toySet(70, 1), o, Hooks{}, c); !bytes.Equal(got, end) {
			t.Errorf("from checkpoint %d another model comes", i)
		}
	}
}

// A checkpoint that a disk has torn is refused, with what to do, wherever it is torn.
func TestTornCheckpoint(t *testing.T) {
	o := toyOptions()
	_, all := checkpointsOf(t, o)
	whole := all[1]
	torn := map[string][]byte{"empty": {}, "zeros": make([]byte, len(whole)), "the end is zeros": append(bytes.Clone(whole[:len(whole)/2]), make([]byte, len(whole)/2)...)}
	for _, n := range []int{1, len(sealMark) - 1, len(sealMark), len(sealMark) + 31, len(sealMark) + 32, len(whole) / 2, len(whole) - 1} {
		torn["after "+string(rune('a'+len(torn)))] = whole[:n]
	}
	flipped := bytes.Clone(whole)
	flipped[len(whole)*2/3] ^= 4
	torn["one bit"] = flipped
	for what, data := range torn {
		r, err := Fit(t.Context(), toySet(70, 1), nil, o, Hooks{}, data)
		if r != nil || !errors.Is(err, ErrCheckpoint) || !strings.Contains(err.Error(), "remove it to begin anew") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
