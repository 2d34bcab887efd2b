package main

import (
	"fmt"
	"math"
)

// neon writes arm64 assembly for vectors of four lanes. Registers are numbers, since V3
// and F3 are the same register. R18 and R27 to R30 are reserved for the platform, the
// assembler and Go.
type neon struct{ emitter }

// writeNEON returns the kernels for NEON.
func writeNEON() []byte {
	e := new(neon)
	e.begin("arm64 && !purego")
	constants(&e.emitter, 4)
	e.packedConstants()
	for rows := 1; rows <= tileRows; rows++ {
		e.tile(rows)
	}
	e.gates(false)
	e.gates(true)
	e.gatesBackward()
	e.sums()
	e.step()
	e.axpy()
	e.affine()
	e.transform()
	logConstants(&e.emitter, 4)
	e.bank()
	e.convolve()
	e.logs()
	e.peak()
	return e.Bytes()
}

// start begins a function without a frame.
func (e *neon) start(signature, name string, params []param) {
	e.function(name+"NEON", "func "+name+"NEON("+signature+")", "MOVD", 0, params)
}

// constantsAt is the register that holds the address of the constants.
const constantsAt = "R8"

func (e *neon) loadConstantsAddress() { e.op("MOVD $constants<>(SB), %s", constantsAt) }

// A source writes code that puts a constant into all lanes of a register.
type source func(name string, r int)

// fromMemory is a source that costs a load and no arithmetic.
func (e *neon) fromMemory(name string, r int) {
	e.loadFull(fmt.Sprintf("%d(%s)", 16*constantIndex(name), constantsAt), r)
}

// packedConstants writes the table once, padded with zeros to whole vectors.
func (e *neon) packedConstants() {
	for i, t := range table {
		e.line(fmt.Sprintf("DATA packed<>+%d(SB)/4, $0x%08x // %s", 4*i, math.Float32bits(float32(t.value)), t.name))
	}
	e.line(fmt.Sprintf("GLOBL packed<>(SB), RODATA|NOPTR, $%d", 16*packedVectors()))
}

func packedVectors() int { return (len(table) + 3) / 4 }

// loadPacked loads the packed constants into the registers from first on.
func (e *neon) loadPacked(first int) {
	e.op("MOVD $packed<>(SB), R16")
	for i := range packedVectors() {
		e.loadFull(at("R16", 16*i), first+i)
	}
}

// fromPacked is a source that reads the registers of loadPacked and costs no load.
func (e *neon) fromPacked(first int) source {
	return func(name string, r int) {
		i := constantIndex(name)
		e.op("VDUP V%d.S[%d], V%d.S4", first+i/4, i%4, r)
	}
}

// inTurn alternates between two sources, to balance loads and arithmetic.
func inTurn(a, b source) source {
	return func(name string, r int) {
		a(name, r)
		a, b = b, a
	}
}

// at returns the memory operand at an offset in bytes from a register.
func at(reg string, bytes int) string { return fmt.Sprintf("%d(%s)", bytes, reg) }

func (e *neon) loadFull(at string, r int)  { e.op("FMOVQ %s, F%d", at, r) }
func (e *neon) storeFull(r int, at string) { e.op("FMOVQ F%d, %s", r, at) }
func (e *neon) loadPair(at string, r int)  { e.op("FLDPQ %s, (F%d, F%d)", at, r, r+1) }
func (e *neon) storePair(r int, at string) { e.op("FSTPQ (F%d, F%d), %s", r, r+1, at) }
func (e *neon) zero(r int)                 { e.op("VEOR V%d.B16, V%d.B16, V%d.B16", r, r, r) }

// fmla writes d += n·m and fmls d -= n·m, each rounded once.
func (e *neon) fmla(d, n, m int) { e.op("VFMLA V%d.S4, V%d.S4, V%d.S4", m, n, d) }
func (e *neon) fmls(d, n, m int) { e.op("VFMLS V%d.S4, V%d.S4, V%d.S4", m, n, d) }

// numbers returns n register numbers, beginning with first.
func numbers(first, n int) (r []int) {
	for i := range n {
		r = append(r, first+i)
	}
	return r
}

// exp2s writes x = 2^x for all registers x, interleaved, with x limited to ±40. n and p are
// scratch registers, as many as x; spare, at least two, hold constants in turn. FMIN and
// FMAX preserve NaN.
func (e *neon) exp2s(constant source, x, n, p, spare []int) {
	constant("top", spare[0])
	constant("bottom", spare[1])
	for _, r := range x {
		e.vector("fmin", r, r, spare[0])
	}
	for _, r := range x {
		e.vector("fmax", r, r, spare[1])
	}
	for i, r := range x {
		e.frintn(n[i], r)
	}
	for i, r := range x {
		e.vector("fsub", r, r, n[i])
	}
	for i := range x {
		e.fcvtzs23(n[i], n[i])
	}
	e.polynomial(constant, x, append([]int(nil), p...), append([]int(nil), spare...), n)
}

// polynomial writes x = p(x) with n added to the bits. The instruction for a term overwrites
// its constant with the sum, so the sums move through the registers p and spare.
func (e *neon) polynomial(constant source, x, p, spare, n []int) {
	constant("p5", spare[0])
	for i := range x {
		constant("p4", p[i])
	}
	for i, r := range x {
		e.fmla(p[i], r, spare[0])
	}
	for _, name := range []string{"p3", "p2", "p1", "one"} {
		for first := 0; first < len(x); first += len(spare) {
			some := x[first:min(first+len(spare), len(x))]
			for i := range some {
				constant(name, spare[i])
			}
			for i, r := range some {
				e.fmla(spare[i], p[first+i], r)
				p[first+i], spare[i] = spare[i], p[first+i]
			}
		}
	}
	for i, r := range x {
		e.op("VADD V%d.S4, V%d.S4, V%d.S4", n[i], p[i], r)
	}
}
