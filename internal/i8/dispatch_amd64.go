//go:build amd64 && !purego

package i8

import (
	"slices"

	"golang.org/x/sys/cpu"
)

//go:generate go run ../f32/gen .

// Kernels in ascending order: each needs the features of those before it.
const (
	generic = iota
	avx2
	avx512
)

var levels = []string{generic: "generic", avx2: "avx2", avx512: "avx512"}

// level identifies the kernels in use.
var level = len(native())

func native() []string {
	switch x := &cpu.X86; {
	case !x.HasAVX2:
		return nil
	case !x.HasAVX512F || !x.HasAVX512BW || !x.HasAVX512VL || !x.HasAVX512VNNI:
		return levels[avx2:avx512]
	}
	return levels[avx2:]
}

func choose(name string) { level = slices.Index(levels, name) }

func step(l *Layer, c []int32, h []int16, hf []float32, acts []int16, start, sums []int32) {
	switch level {
	case avx512:
		stepAVX512(&c[0], &h[0], &hf[0], &acts[0], &l.words[0], &start[0], &l.mult[0], &sums[0], l.groups, l.pairs)
	case avx2:
		stepAVX2(&c[0], &h[0], &hf[0], &acts[0], &l.words[0], &start[0], &l.mult[0], &sums[0], l.groups, l.pairs)
	default:
		stepGeneric(l, c, h, hf, acts, start)
	}
}

func dots(dst []int32, w []int8, x []int16) {
	if level == generic || len(dst) == 0 || len(x) == 0 {
		dotsGeneric(dst, w, x)
		return
	}
	dotsAVX2(&dst[0], &w[0], &x[0], len(dst), len(x))
}

//go:noescape
func stepAVX2(c *int32, h *int16, hf *float32, acts, words *int16, start, mult, sums *int32, groups, pairs int)

//go:noescape
func stepAVX512(c *int32, h *int16, hf *float32, acts, words *int16, start, mult, sums *int32, groups, pairs int)

//go:noescape
func dotsAVX2(dst *int32, w *int8, x *int16, rows, k int)
