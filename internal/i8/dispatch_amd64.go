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
	avxvnni
	avx512
)

var levels = []string{generic: "generic", avx2: "avx2", avxvnni: "avxvnni", avx512: "avx512"}

// Dot products of bytes take activations as two bytes, the higher one plus 128.
var packings = []packing{
	generic: {lanes: natural},
	avx2:    {lanes: apart, pairs: true, paired: true},
	avxvnni: {lanes: apart, pairs: true, excess: 1 << 15},
	avx512:  {lanes: apart, pairs: true, excess: 1 << 15},
}

// level identifies the kernels in use.
var level = slices.Index(levels, inUse)

func native() (names []string) {
	x := &cpu.X86
	if !x.HasAVX2 {
		return nil
	}
	names = append(names, levels[avx2])
	if x.HasAVXVNNI {
		names = append(names, levels[avxvnni])
	}
	if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL && x.HasAVX512VNNI {
		names = append(names, levels[avx512])
	}
	return names
}

func step(l *Layer, c []int32, h []int16, hf []float32, acts []int16, start, scratch []int32) {
	switch l.level {
	case avx512:
		stepAVX512(&c[0], &h[0], &hf[0], &acts[0], &l.weights[0], &start[0], &l.mult[0], &scratch[0], l.groups, l.runs)
	case avxvnni:
		stepAVXVNNI(&c[0], &h[0], &hf[0], &acts[0], &l.weights[0], &start[0], &l.mult[0], &scratch[0], l.groups, l.runs)
	case avx2:
		stepAVX2(&c[0], &h[0], &hf[0], &acts[0], &l.weights[0], &start[0], &l.mult[0], &scratch[0], l.groups, l.runs)
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
func stepAVX2(c *int32, h *int16, hf *float32, acts *int16, weights *int8, start, mult, scratch *int32, groups, runs int)

//go:noescape
func stepAVXVNNI(c *int32, h *int16, hf *float32, acts *int16, weights *int8, start, mult, scratch *int32, groups, runs int)

//go:noescape
func stepAVX512(c *int32, h *int16, hf *float32, acts *int16, weights *int8, start, mult, scratch *int32, groups, runs int)

//go:noescape
func dotsAVX2(dst *int32, w *int8, x *int16, rows, k int)
