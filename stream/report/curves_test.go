package report

import (
	"bytes"
	"io"
	"math"
	"strings"
	"testing"

	"inkling/model/train"
)

func TestReadCurvesReadsWhatTrainingWrites(t *testing.T) {
	rows := []train.Row{{Epoch: 1, Updates: 9, Loss: 1.5, Confirm: 0.25, Running: 0.125, ValidLoss: 1.25, ValidConfirm: 0.5, ValidRunning: 0.375, Seconds: 3},
		{Epoch: 2, Loss: 1, Confirm: 0.5, Running: 0.5, ValidLoss: math.NaN(), ValidConfirm: math.NaN(), ValidRunning: math.NaN()}}
	var b bytes.Buffer
	if err := train.WriteCSV(&b, rows); err != nil {
		t.Fatal(err)
	}
	got, err := ReadCurves(&b)
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	if want := (CurvePoint{1, 1.5, 0.25, 0.125, 1.25, 0.5, 0.375}); got[0] != want {
		t.Errorf("%+v, want %+v", got[0], want)
	}
	if p := got[1]; p.Epoch != 2 || p.Loss != 1 || !math.IsNaN(p.ValidLoss) || !math.IsNaN(p.ValidRunning) {
		t.Errorf("%+v", p)
	}
	if best := bestEpoch(got); best != 1 {
		t.Errorf("best epoch %d", best)
	}
}

func TestReadCurvesRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                    "training log: the file is empty",
		"a,b\n1,2\n":          `training log: no column "epoch" among ["a" "b"]: give the CSV file that training wrote`,
		"epoch,loss\n":        "training log: there is no epoch in it yet",
		"epoch,loss\n1,x\n":   `training log: line 2: loss: "x" is no number`,
		"epoch,loss\n1.5,1\n": "training log: line 2: epoch: 1.5 is no whole number",
		"epoch,loss\n1\n":     "training log: record on line 2: wrong number of fields",
		"epoch,loss\n,1\n":    "training log: line 2: epoch: NaN is no whole number",
	} {
		if _, err := ReadCurves(strings.NewReader(in)); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", in, err, want)
		}
	}
}

func FuzzReadCurves(f *testing.F) {
	f.Add([]byte("epoch,updates,loss,valid_loss,valid_confirm\n1,9,1.5,2,0.5\n2,18,1,NaN,NaN\n"))
	f.Add([]byte("loss,epoch\n1e308,-5\n-1e308,999999999\n+Inf,7\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		points, err := ReadCurves(bytes.NewReader(data))
		if (err == nil) != (len(points) > 0) {
			t.Fatalf("%d points, %v", len(points), err)
		}
		if err != nil || len(points) > 100 {
			return
		}
		d, err := drawCurves(points)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.writeSVG(io.Discard); err != nil {
			t.Fatal(err)
		}
	})
}
