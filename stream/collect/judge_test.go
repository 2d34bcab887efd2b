package collect

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inkling/capture"
	"inkling/internal/testkit/testaudio"
	"inkling/model/segment"
)

// Takes that are clipped or too quiet are refused with the reason, and do not count.
func TestTakesOfNoUseAreRefused(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	tone := testaudio.Tone(rng, 8000, 0.5, 440, 5, 1)
	loud, faint := slices.Clone(tone), slices.Clone(tone)
	for i := range tone {
		loud[i] = min(max(4*tone[i], -1), 1)
		faint[i] = 1e-4 * tone[i]
	}
	for name, c := range map[string]struct {
		x    []float32
		want string
	}{"a tone": {tone, ""}, "clipped": {loud, "it is clipped in "}, "faint": {faint, "its loudest part has -"}, "nothing": {nil, "its loudest part has -"}} {
		if why := Judge(c.x, 1, rate); !strings.HasPrefix(why, c.want) || c.want == "" && why != "" {
			t.Errorf("%s: %q", name, why)
		}
	}
	silence := blocks{{Stream: "s", Format: capture.Format{Rate: rate, Channels: 1}, Samples: make([]float32, 3*rate)}}
	for _, quiet := range []bool{false, true} {
		src := slices.Clone(silence)
		o := Options{Dir: t.TempDir(), Label: "background", Segment: segment.Config{Kind: segment.Whole, MaxDuration: 1}, Quiet: quiet, Refused: func(string) {}}
		if n, err := Run(context.Background(), &src, o); err != nil || n != map[bool]int{false: 0, true: 3}[quiet] {
			t.Errorf("quiet %v: %d takes of silence, %v", quiet, n, err)
		}
	}
	list := sounds("s", 4, rate)
	for i := range list { // one of the four is clipped
		if at := list[i].Offset; at >= 8000+12000 && at < 8000+16000 {
			x := slices.Clone(list[i].Samples)
			for k := range x {
				x[k] = min(max(8*x[k], -1), 1)
			}
			list[i].Samples = x
		}
	}
	for _, keep := range []bool{false, true} {
		src, dir, refused := slices.Clone(list), t.TempDir(), 0
		o := Options{Dir: dir, Label: "a", Segment: activity()}
		if !keep {
			o.Refused = func(string) { refused++ }
		}
		n, err := Run(context.Background(), &src, o)
		files, _ := os.ReadDir(filepath.Join(dir, "a"))
		if want := map[bool]int{false: 3, true: 4}[keep]; err != nil || n != want || len(files) != want || refused != 4-want {
			t.Errorf("keep %v: %d takes, %d files, %d refused, %v", keep, n, len(files), refused, err)
		}
	}
}
