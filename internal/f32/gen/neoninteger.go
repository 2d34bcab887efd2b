package main

import "fmt"

// integerNEON returns the kernels of package i8 for arm64: with products of 16 bits, and with
// dot products of bytes where the processor has them.
func integerNEON() []byte {
	e := &neonInteger{}
	e.begin("arm64 && !purego")
	e.integerTables()
	e.integerStep("NEON", false)
	e.integerStep("Dot", true)
	e.dots()
	return e.Bytes()
}

// neonInteger writes the kernels of package i8 for arm64.
type neonInteger struct{ neon }

// integerOps maps mnemonics of d = n op m, or d += n op m, to their encodings.
var integerOps = map[string]int{
	"add v%d.4s, v%d.4s, v%d.4s":                        0x4ea08400,
	"sub v%d.4s, v%d.4s, v%d.4s":                        0x6ea08400,
	"sub v%d.8h, v%d.8h, v%d.8h":                        0x6e608400,
	"addp v%d.4s, v%d.4s, v%d.4s":                       0x4ea0bc00,
	"smin v%d.4s, v%d.4s, v%d.4s":                       0x4ea06c00,
	"smax v%d.4s, v%d.4s, v%d.4s":                       0x4ea06400,
	"add v%d.8h, v%d.8h, v%d.8h":                        0x4e608400,
	"sqadd v%d.8h, v%d.8h, v%d.8h":                      0x4e600c00,
	"sqdmulh v%d.4s, v%d.4s, v%d.4s":                    0x4ea0b400,
	"sqrdmulh v%d.4s, v%d.4s, v%d.4s":                   0x6ea0b400,
	"sqrdmulh v%d.8h, v%d.8h, v%d.8h":                   0x6e60b400,
	"smull v%d.4s, v%d.4h, v%d.4h":                      0x0e60c000,
	"smull2 v%d.4s, v%d.8h, v%d.8h":                     0x4e60c000,
	"smlal v%d.4s, v%d.4h, v%d.4h":                      0x0e608000,
	"smlal2 v%d.4s, v%d.8h, v%d.8h":                     0x4e608000,
	"sdot v%d.4s, v%d.16b, v%d.16b":                     0x4e809400,
	"bic v%d.16b, v%d.16b, v%d.16b":                     0x4e601c00,
	"eor v%d.16b, v%d.16b, v%d.16b":                     0x6e201c00,
	"uzp1 v%d.16b, v%d.16b, v%d.16b":                    0x4e001800,
	"uzp2 v%d.16b, v%d.16b, v%d.16b":                    0x4e005800,
	"sqabs v%d.8h, v%d.8h":                              0x4e607800,
	"sadalp v%d.4s, v%d.8h":                             0x4e606800,
	"addv s%d, v%d.4s":                                  0x4eb1b800,
	"dup v%d.4s, v%d.s[0]":                              0x4e040400,
	"sshr v%d.8h, v%d.8h, #8":                           0x4f000400 | (32-8)<<16,
	"sshr v%d.8h, v%d.8h, #15":                          0x4f000400 | (32-15)<<16,
	"sshr v%d.8h, v%d.8h, #3":                           0x4f000400 | (32-3)<<16,
	"ushr v%d.8h, v%d.8h, #1":                           0x6f000400 | (32-1)<<16,
	"ushr v%d.8h, v%d.8h, #11":                          0x6f000400 | (32-11)<<16,
	"shl v%d.8h, v%d.8h, #1":                            0x4f005400 | (16+1)<<16,
	"shl v%d.8h, v%d.8h, #5":                            0x4f005400 | (16+5)<<16,
	"sli v%d.8h, v%d.8h, #8":                            0x6f005400 | (16+8)<<16,
	"shl v%d.4s, v%d.4s, #8":                            0x4f005400 | (32+8)<<16,
	"shl v%d.4s, v%d.4s, #7":                            0x4f005400 | (32+7)<<16,
	"srshr v%d.4s, v%d.4s, #10":                         0x4f002400 | (64-10)<<16,
	"sqshrn v%d.4h, v%d.4s, #1":                         0x0f009400 | (32-1)<<16,
	"sqshrn2 v%d.8h, v%d.4s, #1":                        0x4f009400 | (32-1)<<16,
	"sqrshrn v%d.4h, v%d.4s, #8":                        0x0f009c00 | (32-8)<<16,
	"sqrshrn2 v%d.8h, v%d.4s, #8":                       0x4f009c00 | (32-8)<<16,
	"ushll v%d.4s, v%d.4h, #15":                         0x2f00a400 | (16+15)<<16,
	"ushll2 v%d.4s, v%d.8h, #15":                        0x6f00a400 | (16+15)<<16,
	"sshll v%d.4s, v%d.4h, #0":                          0x0f00a400 | 16<<16,
	"sshll2 v%d.4s, v%d.8h, #0":                         0x4f00a400 | 16<<16,
	"sshll v%d.8h, v%d.8b, #0":                          0x0f00a400 | 8<<16,
	"sshll2 v%d.8h, v%d.16b, #0":                        0x4f00a400 | 8<<16,
	"scvtf v%d.4s, v%d.4s, #12":                         0x4f00e400 | (64-12)<<16,
	"tbl v%d.16b, {v%[2]d.16b, v%[3]d.16b}, v%[4]d.16b": 0x4e002000,
}

// do writes an instruction of integerOps for d and n, and m if it takes one.
func (e *neonInteger) do(op string, d, n int, m ...int) {
	bits, ok := integerOps[op]
	if !ok {
		panic("no instruction " + op)
	}
	args := []any{d, n}
	for _, m := range m {
		bits |= m << 16
		args = append(args, m)
	}
	e.word(bits|n<<5|d, op, args...)
}

// look writes d = the words of the table at n and n+1 that the bytes of m choose.
func (e *neonInteger) look(d, n, m int) {
	op := "tbl v%d.16b, {v%[2]d.16b, v%[3]d.16b}, v%[4]d.16b"
	e.word(integerOps[op]|m<<16|n<<5|d, op, d, n, n+1, m)
}

// Registers that hold constants during a step: the cubics, two for each, 0x7fff, 0x0100 and 4
// in words, the limits of c, and 128·Σ acts for words of two weights.
const (
	cubicsIn  = 16
	mostIn    = 24
	bytesIn   = 25
	fourIn    = 26
	maxCellIn = 27
	minCellIn = 28
	totalIn   = 29
)

// integerTables writes the constants in the order of their registers.
func (e *neonInteger) integerTables() {
	at := 0
	put := func(v uint64) {
		e.line(fmt.Sprintf("DATA integers<>+%d(SB)/8, $0x%016x", at, v))
		at += 8
	}
	for _, c := range cubics {
		for i := 0; i < len(c); i += 4 {
			var v uint64
			for j := range 4 {
				v |= uint64(uint16(c[i+j])) << (16 * j)
			}
			put(v)
		}
	}
	for _, v := range []uint64{0x7fff7fff7fff7fff, 0x0100010001000100, 0x0004000400040004, 0x3fffffff3fffffff, 0xc0000001c0000001} {
		put(v)
		put(v)
	}
	e.line(fmt.Sprintf("GLOBL integers<>(SB), RODATA|NOPTR, $%d", at))
}

// integerStep writes Step: for each group its sums, and at once its gates.
//
//	R0 c, R1 h, R2 hf, R3 acts, R4 weights, R5 start, R6 mult, R7 scratch, R9 groups left, R10 runs
func (e *neonInteger) integerStep(name string, dot bool) {
	e.function("step"+name, "func step"+name+"(c *int32, h *int16, hf *float32, acts *int16, weights *int8, start, mult, scratch *int32, groups, runs int)", "MOVD", 0,
		[]param{{"c", "R0"}, {"h", "R1"}, {"hf", "R2"}, {"acts", "R3"}, {"weights", "R4"}, {"start", "R5"}, {"mult", "R6"}, {"scratch", "R7"}, {"groups", "R9"}, {"runs", "R10"}})
	if dot {
		e.bytesOfActs()
	} else {
		e.total()
	}
	e.op("MOVD $integers<>(SB), R8")
	for r := cubicsIn; r <= minCellIn; r++ {
		e.loadFull(at("R8", 16*(r-cubicsIn)), r)
	}
	group := e.fresh("group")
	e.label(group)
	if dot {
		e.sumsDot()
	} else {
		e.sumsWords()
	}
	e.unitGates()
	e.op("SUBS $1, R9")
	e.op("BNE %s", group)
	e.op("RET")
}

// total sets the register of that name to 128·Σ acts, in all lanes.
func (e *neonInteger) total() {
	loop := e.fresh("total")
	e.zero(0)
	e.op("MOVD R3, R11")
	e.op("ADD $3, R10, R12")
	e.op("LSR $2, R12")
	e.label(loop)
	e.op("FMOVQ.P 16(R11), F1")
	e.do("sadalp v%d.4s, v%d.8h", 0, 1)
	e.op("SUBS $1, R12")
	e.op("BNE %s", loop)
	e.do("addv s%d, v%d.4s", 0, 0)
	e.do("dup v%d.4s, v%d.s[0]", 0, 0)
	e.do("shl v%d.4s, v%d.4s, #7", totalIn, 0)
}

// bytesOfActs stores the low bytes of the activations less 128 at R7, and the high bytes
// behind them, at R13.
func (e *neonInteger) bytesOfActs() {
	loop := e.fresh("bytes")
	e.op("ADD $3, R10, R12")
	e.op("LSR $2, R12")
	e.op("ADD R12<<4, R7, R13")
	e.op("MOVD R7, R11")
	e.op("MOVD R13, R14")
	e.op("VMOVI $128, V2.B16")
	e.label(loop)
	e.loadPair("(R3)", 0)
	e.do("uzp2 v%d.16b, v%d.16b, v%d.16b", 3, 0, 1)
	e.do("uzp1 v%d.16b, v%d.16b, v%d.16b", 0, 0, 1)
	e.do("eor v%d.16b, v%d.16b, v%d.16b", 0, 0, 2)
	e.op("FMOVQ.P F0, 16(R11)")
	e.op("FMOVQ.P F3, 16(R14)")
	e.op("ADD $32, R3")
	e.op("SUBS $1, R12")
	e.op("BNE %s", loop)
}

// sumsWords sets V0 to V7 to the sums of i, f, g and o of a group. In V0 to V7 words of two
// weights are summed, in V8 to V15 their high bytes, odd and even activations apart.
func (e *neonInteger) sumsWords() {
	loop := e.fresh("run")
	for i := range 16 {
		e.zero(i)
	}
	e.op("MOVD R3, R11")
	e.op("MOVD R10, R12")
	e.label(loop)
	e.op("VLD1R.P 4(R11), [V31.S4]")
	for i := range 4 {
		s := 2 * i
		e.op("FMOVQ.P 16(R4), F30")
		e.do("smlal v%d.4s, v%d.4h, v%d.4h", s, 30, 31)
		e.do("smlal2 v%d.4s, v%d.8h, v%d.8h", s+1, 30, 31)
		e.do("sshr v%d.8h, v%d.8h, #8", 30, 30)
		e.do("smlal v%d.4s, v%d.4h, v%d.4h", s+8, 30, 31)
		e.do("smlal2 v%d.4s, v%d.8h, v%d.8h", s+9, 30, 31)
	}
	e.op("SUBS $1, R12")
	e.op("BNE %s", loop)
	for i, from := range []int{0, 2, 8, 10, 4, 6, 12, 14} {
		e.do("addp v%d.4s, v%d.4s, v%d.4s", i, from, from+1)
	}
	e.fromStart(8)
	for _, i := range []int{2, 3, 6, 7} {
		e.do("shl v%d.4s, v%d.4s, #8", i+6, i)
		e.do("sub v%d.4s, v%d.4s, v%d.4s", i-2, i-2, i+6)
		e.do("sub v%d.4s, v%d.4s, v%d.4s", i-2, i-2, totalIn)
	}
}

// fromStart adds to V0 to V7 what the sums start from, and goes to that of the next group.
func (e *neonInteger) fromStart(spare int) {
	for i := 0; i < 8; i += 2 {
		e.loadPair(at("R5", 16*i), spare+i)
	}
	e.op("ADD $128, R5")
	for i := range 8 {
		e.do("add v%d.4s, v%d.4s, v%d.4s", i, i, spare+i)
	}
}

// sumsDot sets V0 to V7 to the sums of i, f, g and o of a group. V8 to V15 sum products with
// the high bytes of the activations.
func (e *neonInteger) sumsDot() {
	loop := e.fresh("run")
	for i := range 16 {
		e.zero(i)
	}
	e.op("MOVD R7, R11")
	e.op("MOVD R13, R14")
	e.op("MOVD R10, R12")
	e.label(loop)
	e.op("VLD1R.P 4(R11), [V30.S4]")
	e.op("VLD1R.P 4(R14), [V31.S4]")
	for i := range 8 {
		w := 29 // the register of the total, which is not used here
		e.op("FMOVQ.P 16(R4), F%d", w)
		e.do("sdot v%d.4s, v%d.16b, v%d.16b", i, w, 30)
		e.do("sdot v%d.4s, v%d.16b, v%d.16b", i+8, w, 31)
	}
	e.op("SUBS $1, R12")
	e.op("BNE %s", loop)
	for i := range 8 {
		e.do("shl v%d.4s, v%d.4s, #8", i+8, i+8)
		e.do("add v%d.4s, v%d.4s, v%d.4s", i, i, i+8)
	}
	e.fromStart(8)
}

// unitGates computes c and h of eight units from their sums in V0 to V7.
func (e *neonInteger) unitGates() {
	for i := 0; i < 8; i += 2 { // z of i, f, g, o in V8 to V11
		e.loadPair(at("R6", 16*i), 12)
		e.do("sqdmulh v%d.4s, v%d.4s, v%d.4s", i, i, 12)
		e.do("sqdmulh v%d.4s, v%d.4s, v%d.4s", i+1, i+1, 13)
		e.do("sqshrn v%d.4h, v%d.4s, #1", 8+i/2, i)
		e.do("sqshrn2 v%d.8h, v%d.4s, #1", 8+i/2, i+1)
	}
	e.op("ADD $128, R6")
	e.decays([]int{8, 9, 10, 11}, []int{4, 5, 6, 7})
	e.do("sshr v%d.8h, v%d.8h, #15", 12, 9)
	e.do("eor v%d.16b, v%d.16b, v%d.16b", 5, 5, 12) // 2^16·(1−f)
	e.sigmoid(4, 8)
	e.sigmoid(7, 11)
	e.tanh(6, 10)
	e.do("smull v%d.4s, v%d.4h, v%d.4h", 0, 4, 6)
	e.do("smull2 v%d.4s, v%d.8h, v%d.8h", 1, 4, 6)
	e.do("ushll v%d.4s, v%d.4h, #15", 8, 5)
	e.do("ushll2 v%d.4s, v%d.8h, #15", 9, 5)
	e.loadPair("(R0)", 2)
	for i := range 2 {
		e.do("srshr v%d.4s, v%d.4s, #10", i, i)
		e.do("sqrdmulh v%d.4s, v%d.4s, v%d.4s", 8+i, 2+i, 8+i)
		e.do("add v%d.4s, v%d.4s, v%d.4s", 2+i, 2+i, i)
		e.do("sub v%d.4s, v%d.4s, v%d.4s", 2+i, 2+i, 8+i)
		e.do("smin v%d.4s, v%d.4s, v%d.4s", 2+i, 2+i, maxCellIn)
		e.do("smax v%d.4s, v%d.4s, v%d.4s", 2+i, 2+i, minCellIn)
	}
	e.storePair(2, "(R0)")
	e.op("ADD $32, R0")
	e.do("sqrshrn v%d.4h, v%d.4s, #8", 10, 2)
	e.do("sqrshrn2 v%d.8h, v%d.4s, #8", 10, 3)
	e.decays([]int{10}, []int{6})
	e.tanh(6, 10)
	e.do("sqrdmulh v%d.8h, v%d.8h, v%d.8h", 6, 6, 7)
	e.do("sqadd v%d.8h, v%d.8h, v%d.8h", 6, 6, fourIn)
	e.do("sshr v%d.8h, v%d.8h, #3", 6, 6)
	e.op("FMOVQ.P F6, 16(R1)")
	e.do("sshll v%d.4s, v%d.4h, #0", 2, 6)
	e.do("sshll2 v%d.4s, v%d.8h, #0", 3, 6)
	e.do("scvtf v%d.4s, v%d.4s, #12", 2, 2)
	e.do("scvtf v%d.4s, v%d.4s, #12", 3, 3)
	e.storePair(2, "(R2)")
	e.op("ADD $32, R2")
}

// decays writes u = decay(z) for eight lanes of each z. V0 to V3, V12 to V15 and V30 are
// scratch.
func (e *neonInteger) decays(z, u []int) {
	for i := range z {
		k, t := i, 12+i
		e.do("sqabs v%d.8h, v%d.8h", t, z[i])
		e.do("ushr v%d.8h, v%d.8h, #11", k, t)
		e.do("shl v%d.8h, v%d.8h, #5", t, t)
		e.do("shl v%d.8h, v%d.8h, #1", k, k)
		e.do("ushr v%d.8h, v%d.8h, #1", t, t)
		e.do("sli v%d.8h, v%d.8h, #8", k, k)
		e.do("add v%d.8h, v%d.8h, v%d.8h", k, k, bytesIn)
		e.look(u[i], cubicsIn+6, k)
	}
	for j := 2; j >= 0; j-- {
		for i := range z {
			e.do("sqrdmulh v%d.8h, v%d.8h, v%d.8h", u[i], u[i], 12+i)
			e.look(30, cubicsIn+2*j, i)
			e.do("add v%d.8h, v%d.8h, v%d.8h", u[i], u[i], 30)
		}
	}
}

// sigmoid replaces u by σ: half of u, or its complement where z is not negative.
func (e *neonInteger) sigmoid(u, z int) {
	e.do("sshr v%d.8h, v%d.8h, #15", 12, z)
	e.do("bic v%d.16b, v%d.16b, v%d.16b", 12, mostIn, 12)
	e.do("ushr v%d.8h, v%d.8h, #1", u, u)
	e.do("eor v%d.16b, v%d.16b, v%d.16b", u, u, 12)
}

// tanh replaces u by tanh: its complement, with the sign of z.
func (e *neonInteger) tanh(u, z int) {
	e.do("sshr v%d.8h, v%d.8h, #15", 12, z)
	e.do("eor v%d.16b, v%d.16b, v%d.16b", u, u, mostIn)
	e.do("eor v%d.16b, v%d.16b, v%d.16b", u, u, 12)
	e.do("sub v%d.8h, v%d.8h, v%d.8h", u, u, 12)
}

// dots writes Sums for rows of k values, a multiple of sixteen.
func (e *neonInteger) dots() {
	e.start("dst *int32, w *int8, x *int16, rows, k int", "dots", []param{{"dst", "R0"}, {"w", "R1"}, {"x", "R2"}, {"rows", "R3"}, {"k", "R4"}})
	row, loop := e.fresh("row"), e.fresh("loop")
	e.label(row)
	e.op("MOVD R2, R5")
	e.op("MOVD R4, R6")
	e.zero(0)
	e.zero(1)
	e.label(loop)
	e.op("FMOVQ.P 16(R1), F2")
	e.loadPair("(R5)", 4)
	e.op("ADD $32, R5")
	e.do("sshll v%d.8h, v%d.8b, #0", 3, 2)
	e.do("sshll2 v%d.8h, v%d.16b, #0", 2, 2)
	e.do("smlal v%d.4s, v%d.4h, v%d.4h", 0, 3, 4)
	e.do("smlal2 v%d.4s, v%d.8h, v%d.8h", 1, 3, 4)
	e.do("smlal v%d.4s, v%d.4h, v%d.4h", 0, 2, 5)
	e.do("smlal2 v%d.4s, v%d.8h, v%d.8h", 1, 2, 5)
	e.op("SUBS $16, R6")
	e.op("BNE %s", loop)
	e.do("add v%d.4s, v%d.4s, v%d.4s", 0, 0, 1)
	e.do("addv s%d, v%d.4s", 0, 0)
	e.op("FMOVS.P F0, 4(R0)")
	e.op("SUBS $1, R3")
	e.op("BNE %s", row)
	e.op("RET")
}
