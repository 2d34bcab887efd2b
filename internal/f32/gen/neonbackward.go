package main

// gatesBackward writes f32.GatesBackward.
//
//	R0 z, R2 dh of the row; R12 z, R9 dh, R1 dc, R3 h, R4 cPrev of the block
func (e *neon) gatesBackward() {
	e.start("z, dc, dh, h, cPrev *float32, m, n, ldz, ldh int", "gatesBackward",
		[]param{{"z", "R0"}, {"dc", "R1"}, {"dh", "R2"}, {"h", "R3"}, {"cPrev", "R4"}, {"m", "R5"}, {"n", "R6"}, {"ldz", "R7"}, {"ldh", "R10"}})
	e.loadConstantsAddress()
	e.fromMemory("one", backwardOne)
	row := e.fresh("row")
	e.label(row)
	e.op("MOVD R0, R12")
	e.op("MOVD R2, R9")
	e.op("MOVD R6, R16")
	e.units(2, "R12", []string{"R1", "R9", "R3", "R4"}, e.backwardBlock)
	e.op("ADD R7, R0")
	e.op("ADD R10, R2")
	e.op("SUBS $1, R5, R5")
	e.op("BNE %s", row)
	e.op("RET")
}

// backwardOne is the register that holds 1 in gatesBackward.
const backwardOne = 31

func (e *neon) backwardBlock(b block) {
	for v := range b.vectors {
		e.backwardVector(b, v, 14*v)
	}
}

// backwardVector computes the gradients for a vector in the 14 registers from first on.
func (e *neon) backwardVector(b block, v, first int) {
	i, f, g, o, y, dh, d, before := first, first+1, first+2, first+3, first+4, first+5, first+6, first+7
	x, slope := first+8, first+9
	for gate := range 4 {
		e.load(b.lanes, b.gate(v, gate), first+gate)
	}
	e.load(b.lanes, b.at("R3", v), y)
	e.load(b.lanes, b.at("R9", v), dh)
	e.load(b.lanes, b.at("R1", v), d)
	e.load(b.lanes, b.at("R4", v), before)
	e.vector("fdiv", y, y, o) // tanh(c) = h/o
	e.oneMinusSquare(slope, y)
	e.vector("fmul", x, dh, o)
	e.fmla(d, x, slope) // dc + dh·o·(1 − y²)
	e.vector("fmul", dh, dh, y)
	e.sigmoidSlope(slope, o)
	e.product(b, v, 3, dh, slope)
	e.vector("fmul", x, d, g)
	e.sigmoidSlope(slope, i)
	e.product(b, v, 0, x, slope)
	e.vector("fmul", x, d, i)
	e.oneMinusSquare(slope, g)
	e.product(b, v, 2, x, slope)
	e.vector("fmul", x, d, before)
	e.sigmoidSlope(slope, f)
	e.product(b, v, 1, x, slope)
	e.vector("fmul", d, d, f)
	e.store(b.lanes, d, b.at("R1", v))
}

// product stores a·b as the gradient on the sums of a gate. It overwrites b.
func (e *neon) product(to block, v, gate, a, b int) {
	e.vector("fmul", b, a, b)
	e.store(to.lanes, b, to.gate(v, gate))
}

// sigmoidSlope writes d = (1−x)·x, and oneMinusSquare d = 1 − x², rounded once.
func (e *neon) sigmoidSlope(d, x int) {
	e.vector("fsub", d, backwardOne, x)
	e.vector("fmul", d, d, x)
}

func (e *neon) oneMinusSquare(d, x int) {
	e.op("VORR V%d.B16, V%d.B16, V%d.B16", backwardOne, backwardOne, d)
	e.fmls(d, x, x)
}
