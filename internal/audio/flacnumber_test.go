package audio

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
)

// flacFrames returns the beginning of a file of unknown length, and its n frames of 4096
// samples each.
func flacFrames(t *testing.T, n int) (head []byte, frames [][]byte) {
	t.Helper()
	const block, header = 4096, 42
	c := &Clip{Rate: 8000, Channels: 1}
	before := header
	for i := range n {
		for range block {
			c.Samples = append(c.Samples, float32(math.Round(20000*math.Sin(float64(len(c.Samples))/float64(7+i))))/32768)
		}
		var b bytes.Buffer
		if err := encodeFLAC(&b, c); err != nil {
			t.Fatal(err)
		}
		head, frames = b.Bytes()[:header], append(frames, b.Bytes()[before:])
		before = b.Len()
	}
	head[8+13] &^= 15
	clear(head[8+14 : 8+18])
	return head, frames
}

// Frames that are missing in the middle of a stream of unknown length, or are there twice,
// are an error after those before. A stream may begin with any frame.
func TestFLACFramesFollowOneAnother(t *testing.T) {
	head, frames := flacFrames(t, 200) // numbers of one and of two bytes
	for _, c := range []struct {
		name       string
		from, left int // frames[from:], of which one is left out
		twice      int
		want       string
		frames     int // decoded
	}{
		{"whole", 0, -1, -1, "", 200},
		{"from the middle", 100, -1, -1, "", 100},
		{"one is missing", 0, 2, -1, "damaged FLAC frame at sample 8192: its number is 3, and 2 comes next: frames before it are missing, or are there twice", 2},
		{"one of two bytes is missing", 0, 150, -1, "its number is 151, and 150 comes next", 150},
		{"twice", 0, -1, 128, "its number is 128, and 129 comes next", 129},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := slices.Clone(head)
			for i := c.from; i < len(frames); i++ {
				if i == c.left {
					continue
				}
				if file = append(file, frames[i]...); i == c.twice {
					file = append(file, frames[i]...)
				}
			}
			r, err := NewReader(bytes.NewReader(file), "x")
			if err != nil {
				t.Fatal(err)
			}
			n, buf := 0, make([]float32, 1000)
			for err == nil {
				var m int
				m, err = r.Read(buf)
				n += m
			}
			if n != 4096*c.frames || c.want == "" && err.Error() != "EOF" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d samples, want %d, and then %v", n, 4096*c.frames, err)
			}
		})
	}
}
