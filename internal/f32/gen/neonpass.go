package main

import "fmt"

// neonPanels is the largest number of panels in a pass of a step, those of a pair of
// groups: sixteen sums in registers, which read weights as fast as any core can load them.
const neonPanels = 4

// A pass keeps its sums in V0 to V15, four values of xh in V16, and weights in the
// registers that are passed to it.
const neonInputs = 16

// sums writes z = start + w·xh for a matrix of few columns.
//
//	R0 z, R1 start, R3 w where the pass begins; R6 panels left
func (e *neon) sums() {
	e.start("z, start, xh, w *float32, k, ld, panels int", "sums",
		[]param{{"z", "R0"}, {"start", "R1"}, {"xh", "R2"}, {"w", "R3"}, {"k", "R4"}, {"ld", "R5"}, {"panels", "R6"}})
	p := neonPass{z: "R0", start: "R1", xh: "R2", w: "R3", k: "R4", ld: "R5"}
	loop, last := e.fresh("pass"), e.fresh("last")
	e.label(loop)
	e.op("CMP $%d, R6", neonPanels)
	e.op("BLT %s", last)
	p.write(e, neonPanels)
	e.advance(64*neonPanels, "R0", "R1")
	e.op("ADD R5<<2, R3")
	e.op("SUBS $%d, R6, R6", neonPanels)
	e.op("BNE %s", loop)
	e.op("RET")
	e.label(last)
	e.eachCount("R6", 1, neonPanels-1, func(panels int) { p.write(e, panels) })
	e.op("RET")
}

// eachCount writes f for each number from first to last, and a jump to the one for the
// number in the register.
func (e *neon) eachCount(reg string, first, last int, f func(n int)) {
	done := e.fresh("done")
	for n := first; n <= last; n++ {
		other := e.fresh("other")
		if n < last {
			e.op("CMP $%d, %s", n, reg)
			e.op("BNE %s", other)
		}
		f(n)
		if n < last {
			e.op("B %s", done)
			e.label(other)
		}
	}
	e.label(done)
}

// A neonPass holds the registers that a pass reads: the addresses of z, start, w and xh, the
// number of values of xh, and the bytes between panels. R17 counts, and R19 to R23 advance
// along xh and the panels.
type neonPass struct{ z, start, xh, w, k, ld string }

// write computes the sums of the given number of panels in z.
func (p neonPass) write(e *neon, panels int) {
	p.begin(e, panels)
	e.op("LSR $2, %s, R17", p.k)
	p.end(e, panels, numbers(17, 8))
}

// begin initialises the sums and the registers that advance.
func (p neonPass) begin(e *neon, panels int) {
	for i := range 2 * panels {
		e.loadPair(at(p.start, 32*i), 2*i)
	}
	e.op("MOVD %s, R19", p.xh)
	e.op("MOVD %s, R20", p.w)
	for i := 1; i < panels; i++ {
		e.op("ADD %s, R%d, R%d", p.ld, 19+i, 20+i)
	}
}

// end adds R17 times four products and the remaining ones, and stores the sums.
func (p neonPass) end(e *neon, panels int, weights []int) {
	loop, rest, done := e.fresh("four"), e.fresh("rest"), e.fresh("done")
	e.op("CBZ R17, %s", rest)
	e.label(loop)
	e.fourTerms(panels, weights)
	e.op("SUBS $1, R17, R17")
	e.op("BNE %s", loop)
	e.label(rest)
	e.op("ANDS $3, %s, R17", p.k)
	e.op("BEQ %s", done)
	one := e.fresh("term")
	e.label(one)
	e.op("FMOVS.P 4(R19), F%d", neonInputs)
	e.terms(panels, 1, weights)
	e.op("SUBS $1, R17, R17")
	e.op("BNE %s", one)
	e.label(done)
	for i := range 2 * panels {
		e.storePair(2*i, at(p.z, 32*i))
	}
}

func (e *neon) fourTerms(panels int, weights []int) {
	e.op("FMOVQ.P 16(R19), F%d", neonInputs)
	e.terms(panels, 4, weights)
}

// terms adds n products, with inputs from the first n lanes, to every sum of the pass and
// advances. The loads of weights precede the products by the number of registers.
func (e *neon) terms(panels, n int, weights []int) {
	pairs := 2 * panels * n
	ahead := len(weights) / 2
	for i := range pairs + ahead - 1 {
		if i < pairs {
			term, pair := i/(2*panels), i%(2*panels)
			e.loadPair(at(fmt.Sprintf("R%d", 20+pair/2), 64*term+32*(pair%2)), weights[2*(i%ahead)])
		}
		if j := i - (ahead - 1); j >= 0 {
			term, pair, w := j/(2*panels), j%(2*panels), weights[2*(j%ahead)]
			e.fmlaLane(2*pair, w, neonInputs, term)
			e.fmlaLane(2*pair+1, w+1, neonInputs, term)
		}
	}
	for i := range panels {
		e.advance(64*n, fmt.Sprintf("R%d", 20+i))
	}
}
