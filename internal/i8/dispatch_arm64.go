//go:build arm64 && !purego

package i8

import (
	"slices"

	"golang.org/x/sys/cpu"
)

// Kernels in ascending order. Every arm64 processor has NEON.
const (
	generic = iota
	neon
	dotprod
)

var levels = []string{generic: "generic", neon: "neon", dotprod: "dotprod"}

// Dot products of bytes take activations as two signed bytes, the lower one less 128.
var packings = []packing{
	generic: {lanes: natural},
	neon:    {lanes: natural, paired: true},
	dotprod: {lanes: natural, excess: -128},
}

// level identifies the kernels in use.
var level = slices.Index(levels, inUse)

func native() []string {
	if cpu.ARM64.HasASIMDDP {
		return levels[neon:]
	}
	return levels[neon:dotprod]
}

func step(l *Layer, c []int32, h []int16, hf []float32, acts []int16, start, scratch []int32) {
	switch l.level {
	case dotprod:
		stepDot(&c[0], &h[0], &hf[0], &acts[0], &l.weights[0], &start[0], &l.mult[0], &scratch[0], l.groups, l.runs)
	case neon:
		stepNEON(&c[0], &h[0], &hf[0], &acts[0], &l.weights[0], &start[0], &l.mult[0], &scratch[0], l.groups, l.runs)
	default:
		stepGeneric(l, c, h, hf, acts, start)
	}
}

func dots(dst []int32, w []int8, x []int16) {
	if level == generic || len(dst) == 0 || len(x) == 0 {
		dotsGeneric(dst, w, x)
		return
	}
	dotsNEON(&dst[0], &w[0], &x[0], len(dst), len(x))
}

//go:noescape
func stepNEON(c *int32, h *int16, hf *float32, acts *int16, weights *int8, start, mult, scratch *int32, groups, runs int)

//go:noescape
func stepDot(c *int32, h *int16, hf *float32, acts *int16, weights *int8, start, mult, scratch *int32, groups, runs int)

//go:noescape
func dotsNEON(dst *int32, w *int8, x *int16, rows, k int)
