package main

import "fmt"

// fours are the last four units of four rows: sixteen lanes, where one row would fill four of
// them.
//
//	R8 the sums of the rows, R13 and R14 ldz and 3·ldz; R10 and R9 ldh and 3·ldh
type fours struct{ x []string }

// fours512 writes the gates of four units in m rows, a multiple of four.
func fours512(e *emitter, keep bool) {
	name := "gatesFourAVX512"
	if keep {
		name = "gatesFourKeepAVX512"
	}
	e.function8(name, "func "+name+"(h, c, cPrev, z *float32, m, ldh, ldz int), ldh and ldz in bytes",
		[]param{{"h", "DI"}, {"c", "SI"}, {"cPrev", "DX"}, {"z", "R8"}, {"m", "CX"}, {"ldh", "R10"}, {"ldz", "R13"}})
	next := e.fresh("four")
	hold512(e)
	e.op("LEAQ (R10)(R10*2), R9")
	e.op("LEAQ (R13)(R13*2), R14")
	e.label(next)
	u := fours{zregs(11, 4)}
	u.turn(e, func(reg, at string) { e.op("VMOVUPS %s, %s", at, reg) }, nil)
	gatesOf(e, u, keep, "DX", "SI")
	for _, reg := range []string{"DI", "SI", "DX"} {
		e.op("LEAQ (%s)(R10*4), %s", reg, reg)
	}
	e.op("LEAQ (R8)(R13*4), R8")
	e.op("SUBQ $4, CX")
	e.op("JNZ %s", next)
	e.end()
}

// turn turns rows of gates into gates of rows, or back: it transposes four registers by four
// quarters. load or store, unless nil, moves a row.
func (u fours) turn(e *emitter, load, store func(reg, at string)) {
	rows, pairs := zregs(0, 4), zregs(4, 4)
	at := []string{"(R8)", "(R8)(R13*1)", "(R8)(R13*2)", "(R8)(R14*1)"}
	from, to := rows, u.x
	if load == nil {
		from, to = u.x, rows
	} else {
		for i, reg := range rows {
			load(reg, at[i])
		}
	}
	for i, half := range []int{0x44, 0xee} {
		for j := range 2 {
			e.op("VSHUFF32X4 $0x%02x, %s, %s, %s", half, from[2*j+1], from[2*j], pairs[2*i+j])
		}
	}
	for i := range 4 {
		e.op("VSHUFF32X4 $0x%02x, %s, %s, %s", []int{0x88, 0xdd}[i%2], pairs[i/2*2+1], pairs[i/2*2], to[i])
	}
	if store != nil {
		for i, reg := range rows {
			store(reg, at[i])
		}
	}
}

// setGate stores all gates when it has the last of them.
func (u fours) setGate(e *emitter, _ string, gate int) {
	if gate == 3 {
		u.turn(e, nil, func(reg, at string) { e.op("VMOVUPS %s, %s", reg, at) })
	}
}

// places returns the operands of the units of the four rows.
func (fours) places(base string) []string {
	return []string{"(" + base + ")", "(" + base + ")(R10*1)", "(" + base + ")(R10*2)", "(" + base + ")(R9*1)"}
}

func (u fours) row(e *emitter, at, reg string) {
	for i, p := range u.places(at) {
		if i == 0 {
			e.op("VMOVUPS %s, %s", p, quarterOf(reg))
		} else {
			e.op("VINSERTF32X4 $%d, %s, %s, %s", i, p, reg, reg)
		}
	}
}

func (u fours) setRow(e *emitter, reg, at string) {
	for i, p := range u.places(at) {
		if i == 0 {
			e.op("VMOVUPS %s, %s", quarterOf(reg), p)
		} else {
			e.op("VEXTRACTF32X4 $%d, %s, %s", i, reg, p)
		}
	}
}

// quarterOf returns the lowest quarter of a register.
func quarterOf(reg string) string { return fmt.Sprintf("X%s", reg[1:]) }
