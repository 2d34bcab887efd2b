package main

import "fmt"

// Go's assembler does not support most floating-point instructions on vectors. This file
// encodes those that the kernels need as words, each with its mnemonic in a comment. A test
// checks the encodings with GNU as.

// word writes an encoded instruction with its mnemonic.
func (e *neon) word(bits int, format string, args ...any) {
	e.op("WORD $0x%08x // %s", bits, fmt.Sprintf(format, args...))
}

// vectorOps maps mnemonics to the encoding of d = n op m for four lanes.
var vectorOps = map[string]int{
	"fadd":  0x4e20d400,
	"fsub":  0x4ea0d400,
	"fmul":  0x6e20dc00,
	"fdiv":  0x6e20fc00,
	"fmax":  0x4e20f400,
	"fmin":  0x4ea0f400,
	"fcmgt": 0x6ea0e400,
}

func (e *neon) vector(op string, d, n, m int) {
	bits, ok := vectorOps[op]
	if !ok {
		panic("no vector instruction " + op)
	}
	e.word(bits|m<<16|n<<5|d, "%s v%d.4s, v%d.4s, v%d.4s", op, d, n, m)
}

// frintn writes d = n, rounded to the nearest integer, ties to even.
func (e *neon) frintn(d, n int) { e.word(0x4e218800|n<<5|d, "frintn v%d.4s, v%d.4s", d, n) }

// fcvtzs23 writes d = int32(n·2^23). For an integer n, adding d to the bits of a float32
// multiplies it by 2^n.
func (e *neon) fcvtzs23(d, n int) {
	e.word(0x4f00fc00|(64-23)<<16|n<<5|d, "fcvtzs v%d.4s, v%d.4s, #23", d, n)
}

// fmlaLane writes d += n·m[lane], rounded once.
func (e *neon) fmlaLane(d, n, m, lane int) {
	e.word(0x4f801000|lane&1<<21|lane>>1<<11|m<<16|n<<5|d, "fmla v%d.4s, v%d.4s, v%d.s[%d]", d, n, m, lane)
}

// sshr23 writes d = n >> 23 for signed integers, and scvtf d = float32(n).
func (e *neon) sshr23(d, n int) {
	e.word(0x4f000400|(64-23)<<16|n<<5|d, "sshr v%d.4s, v%d.4s, #23", d, n)
}

func (e *neon) scvtf(d, n int) { e.word(0x4e21d800|n<<5|d, "scvtf v%d.4s, v%d.4s", d, n) }

// doubleOps maps mnemonics to the encoding of d = n op m for two lanes of float64, and
// conversions to that of d = n. Those with 2 use the upper half of the vector of float32.
var doubleOps = map[string]int{
	"fadd":   0x4e60d400,
	"fsub":   0x4ee0d400,
	"fmul":   0x6e60dc00,
	"fcvtl":  0x0e617800,
	"fcvtl2": 0x4e617800,
	"fcvtn":  0x0e616800,
	"fcvtn2": 0x4e616800,
}

func (e *neon) double(op string, d, n, m int) {
	bits, ok := doubleOps[op]
	if !ok {
		panic("no vector instruction " + op)
	}
	narrow := map[string]string{"fcvtl": "2s", "fcvtn": "2s", "fcvtl2": "4s", "fcvtn2": "4s"}[op]
	switch op {
	case "fcvtl", "fcvtl2":
		e.word(bits|n<<5|d, "%s v%d.2d, v%d.%s", op, d, n, narrow)
	case "fcvtn", "fcvtn2":
		e.word(bits|n<<5|d, "%s v%d.%s, v%d.2d", op, d, narrow, n)
	default:
		e.word(bits|m<<16|n<<5|d, "%s v%d.2d, v%d.2d, v%d.2d", op, d, n, m)
	}
}
