package main

import (
	"fmt"
	"math/bits"
)

// lanes4 is the number of lanes of a vector that are in memory: 4, 2 or 1. A load of fewer
// than four clears the others.
type lanes4 int

func (l lanes4) instruction() string {
	return map[lanes4]string{4: "FMOVQ", 2: "FMOVD", 1: "FMOVS"}[l]
}

func (e *neon) load(l lanes4, at string, r int)  { e.op("%s %s, F%d", l.instruction(), at, r) }
func (e *neon) store(l lanes4, r int, at string) { e.op("%s F%d, %s", l.instruction(), r, at) }

// unlessBit jumps to the label if the bit is not set in the register.
func (e *neon) unlessBit(power int, reg, label string) {
	e.op("TBZ $%d, %s, %s", bits.TrailingZeros(uint(power)), reg, label)
}

// A block is a number of units whose gates are computed together: vectors of four units, or
// one vector with the last units. z holds the registers with the addresses of the four
// gates, which are all the same except for the last units.
type block struct {
	vectors int
	lanes   lanes4
	z       [4]string
}

// gate returns the memory operand of a gate for vector v.
func (b block) gate(v, gate int) string {
	if b.z[0] == b.z[1] {
		return at(b.z[0], 128*(v/2)+32*gate+16*(v%2))
	}
	return at(b.z[gate], 0)
}

// at returns the memory operand of vector v in a row of units.
func (b block) at(reg string, v int) string { return at(reg, 16*v) }

// units writes body for all units, the number in R16: in blocks of most vectors, then of one
// group of eight, then for the last n mod 8 units as four, two and one. z and the registers
// plain point past the units afterwards. R17 and R19 to R21 are scratch.
func (e *neon) units(most int, z string, plain []string, body func(b block)) {
	loop, rest, done := e.fresh("units"), e.fresh("rest"), e.fresh("done")
	whole := func(vectors int) {
		body(block{vectors: vectors, lanes: 4, z: [4]string{z, z, z, z}})
		e.advance(16*vectors, plain...)
		e.advance(64*vectors, z)
	}
	e.label(loop)
	e.op("CMP $%d, R16", 4*most)
	e.op("BLT %s", rest)
	whole(most)
	e.op("SUB $%d, R16", 4*most)
	e.op("B %s", loop)
	e.label(rest)
	if most > 2 {
		none := e.fresh("none")
		e.unlessBit(8, "R16", none)
		whole(2)
		e.label(none)
	}
	e.op("AND $7, R16, R17")
	e.op("CBZ R17, %s", done)
	e.lastUnits(z, plain, body)
	e.label(done)
}

// lastUnits writes body for the last R17 < 8 units.
func (e *neon) lastUnits(z string, plain []string, body func(b block)) {
	gates := [4]string{z, "R19", "R20", "R21"}
	for g := 1; g < 4; g++ {
		e.op("ADD R17<<2, %s, %s", gates[g-1], gates[g])
	}
	for _, l := range []lanes4{4, 2, 1} {
		none := e.fresh("none")
		e.unlessBit(int(l), "R17", none)
		body(block{vectors: 1, lanes: l, z: gates})
		e.advance(4*int(l), plain...)
		e.advance(4*int(l), gates[:]...)
		e.label(none)
	}
}

// advance adds a number of bytes to the registers.
func (e *neon) advance(bytes int, registers ...string) {
	for _, r := range registers {
		e.op(fmt.Sprintf("ADD $%d, %s", bytes, r))
	}
}
