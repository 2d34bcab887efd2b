package main

import "fmt"

// Go's assembler refuses most floating-point instructions on vectors. Here are
// those that the kernels need, as words, each with the mnemonic beside it; a test
// compares the two by GNU as.

// word writes an instruction and its mnemonic.
func (e *neon) word(bits int, format string, args ...any) {
	e.op("WORD $0x%08x // %s", bits, fmt.Sprintf(format, args...))
}

// vectorOps are d = n op m for four lanes.
var vectorOps = map[string]int{
	"fadd": 0x4e20d400,
	"fsub": 0x4ea0d400,
	"fmul": 0x6e20dc00,
	"fdiv": 0x6e20fc00,
	"fmax": 0x4e20f400,
	"fmin": 0x4ea0f400,
}

func (e *neon) vector(op string, d, n, m int) {
	bits, ok := vectorOps[op]
	if !ok {
		panic("no vector instruction " + op)
	}
	e.word(bits|m<<16|n<<5|d, "%s v%d.4s, v%d.4s, v%d.4s", op, d, n, m)
}

// frintn is d = n rounded to the nearest integer, ties to even.
func (e *neon) frintn(d, n int) { e.word(0x4e218800|n<<5|d, "frintn v%d.4s, v%d.4s", d, n) }

// fcvtzs23 is d = int32(n·2^23): of an integer n what is added to the bits of a
// float32 to multiply it by 2^n.
func (e *neon) fcvtzs23(d, n int) {
	e.word(0x4f00fc00|(64-23)<<16|n<<5|d, "fcvtzs v%d.4s, v%d.4s, #23", d, n)
}

// fmlaLane is d += n·m[lane], rounded once.
func (e *neon) fmlaLane(d, n, m, lane int) {
	e.word(0x4f801000|lane&1<<21|lane>>1<<11|m<<16|n<<5|d, "fmla v%d.4s, v%d.4s, v%d.s[%d]", d, n, m, lane)
}
