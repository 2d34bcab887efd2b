package main

// peak writes rounds of independent multiply-adds in twelve registers of eight lanes.
func peak(e *emitter) {
	e.function8("peakAVX2", "func peakAVX2(n int)", []param{{"n", "CX"}})
	for _, r := range regs(0, 14) {
		e.op("VXORPS %s, %s, %s", r, r, r)
	}
	round := e.fresh("round")
	e.label(round)
	for _, r := range regs(0, 12) {
		e.op("VFMADD231PS Y12, Y13, %s", r)
	}
	e.op("DECQ CX")
	e.op("JNZ %s", round)
	e.end()
}

// peak writes the same for NEON, with 24 registers of four lanes.
func (e *neon) peak() {
	e.start("n int", "peak", []param{{"n", "R0"}})
	for r := range 26 {
		e.zero(r)
	}
	round := e.fresh("round")
	e.label(round)
	for r := range 24 {
		e.fmla(r, 24, 25)
	}
	e.op("SUBS $1, R0, R0")
	e.op("BNE %s", round)
	e.op("RET")
}
