package keep

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"inkling/capture"
	"inkling/internal/testkit/testmodel"
	"inkling/stream"
)

// A sensor's clock may say anything, and the folder can be read and opened all the same.
func TestAnyTimeIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	m := testmodel.New(t, testmodel.Labels(8000, 1, "a", "b"), rand.New(rand.NewPCG(1, 1)))
	now := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	k, err := Open(Options{Dir: dir, When: []When{All}, Failed: func(err error) { t.Error(err) }, now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	times := []time.Time{now.AddDate(-1, 0, 0), now.AddDate(8000, 0, 0), now.AddDate(300_000, 0, 0), now.AddDate(-3000, 0, 0), {},
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.FixedZone("", -3600))}
	for i, at := range times {
		e := stream.NewConfirmed(stream.Header{Stream: "s", Segment: uint64(i + 1), Time: at}, stream.Answer{Label: "a", P: 1, Top: []stream.Score{{Label: "a", P: 1}}}, stream.Outcome{}, stream.Span{}, stream.HeldBack{})
		k.Tap("s").(stream.SegmentTap).Segment(&e, m, capture.Format{Rate: 8000, Channels: 1}, make([]float32, 100))
		if e.Kept == "" {
			t.Errorf("%v is not kept", at)
		}
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	clips, err := ReadIndex(dir)
	if err != nil || len(clips) != len(times) {
		t.Fatalf("%d clips, %v", len(clips), err)
	}
	for i, c := range clips {
		if want := now; i > 0 && !c.Time.Equal(want) || i == 0 && !c.Time.Equal(times[0]) {
			t.Errorf("%v has become %v", times[i], c.Time)
		}
	}
	if k, err = Open(Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	k.Close()
}
