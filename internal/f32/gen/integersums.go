package main

// total sets Y15 to 128·Σ acts.
func (e *integer) total() {
	loop := e.fresh("total")
	e.op("VPCMPEQW Y1, Y1, Y1")
	e.op("VPSRLW $15, Y1, Y1")
	e.op("VPSLLW $7, Y1, Y1") // 128
	e.op("VPXOR Y0, Y0, Y0")
	e.op("MOVQ R8, AX")
	e.op("LEAQ 7(BX), R12")
	e.op("SHRQ $3, R12")
	e.label(loop)
	e.op("VPMADDWD (AX), Y1, Y2")
	e.op("VPADDD Y2, Y0, Y0")
	e.op("ADDQ $32, AX")
	e.op("DECQ R12")
	e.op("JNZ %s", loop)
	e.op("VEXTRACTI128 $1, Y0, X1")
	e.op("VPADDD X1, X0, X0")
	e.op("VPSHUFD $0x4e, X0, X1")
	e.op("VPADDD X1, X0, X0")
	e.op("VPSHUFD $0xb1, X0, X1")
	e.op("VPADDD X1, X0, X0")
	e.op("VPBROADCASTD X0, Y15")
}

// sumsWords writes z of one or two groups, from words of two weights: of each group's four
// registers, the first and the third sum words, the others their high bytes. The loop has two
// runs; it begins with the second if their number is odd.
func (e *integer) sumsWords(groups int) {
	two, second := e.fresh("two"), e.fresh("second")
	for i := range 4 * groups {
		e.op("VMOVDQU %d(R10), Y%d", 32*i, i)
	}
	for i := range 2 * groups {
		e.op("VPSUBD Y15, Y%d, Y%d", 2*i, 2*i)
	}
	e.op("MOVQ R8, AX")
	e.op("MOVQ BX, R12")
	e.op("TESTQ $1, BX")
	e.op("JZ %s", two)
	e.op("SUBQ $4, AX")
	e.op("SUBQ $64, R9")
	e.op("INCQ R12")
	e.op("JMP %s", second)
	e.label(two)
	e.words(groups, 0)
	e.label(second)
	e.words(groups, 1)
	e.op("ADDQ $8, AX")
	e.op("ADDQ $128, R9")
	e.op("SUBQ $2, R12")
	e.op("JNZ %s", two)
	for i := range 2 * groups {
		e.op("VPSLLD $8, Y%d, Y8", 2*i+1)
		e.op("VPSUBD Y8, Y%d, Y%d", 2*i, 2*i)
	}
	for g := range groups {
		e.z(g, 4*g)
	}
}

// words adds the products of a run.
func (e *integer) words(groups, run int) {
	e.op("VPBROADCASTD %d(AX), Y8", 4*run)
	for i := range 2 * groups {
		w := 9 + (2*groups*run+i)%3*2
		t := w + 1
		from := []string{"(R9)", "(R9)(DX*1)"}[i/2]
		e.op("VMOVDQU %d%s, Y%d", 64*run+32*(i%2), from, w)
		e.op("VPMADDWD Y%d, Y8, Y%d", w, t)
		e.op("VPSRAW $8, Y%d, Y%d", w, w)
		e.op("VPMADDWD Y%d, Y8, Y%d", w, w)
		e.op("VPADDD Y%d, Y%d, Y%d", t, 2*i, 2*i)
		e.op("VPADDD Y%d, Y%d, Y%d", w, 2*i+1, 2*i+1)
	}
}

// inPairs calls sums for two groups at once, and for a single one if their number is odd: the
// first, at the front or at the end. bytes is the size of a run.
func (e *integer) inPairs(bytes int, sums func(groups int)) {
	up, one, back, down, done := e.fresh("up"), e.fresh("one"), e.fresh("back"), e.fresh("down"), e.fresh("done")
	forward := func(groups int) {
		e.op("ADDQ $%d, R10", 128*groups)
		e.op("ADDQ $%d, R11", 128*groups)
		e.op("ADDQ $%d, R13", 64*groups)
		if groups == 2 {
			e.op("ADDQ DX, R9")
		}
	}
	e.op("MOVQ scratch+56(FP), AX")
	e.op("MOVQ BX, DX")
	e.op("IMUL3Q $%d, DX, DX", bytes) // of a group
	e.op("NOTL (AX)")
	e.op("CMPL (AX), $-1")
	e.op("JEQ %s", back)
	e.op("TESTQ $1, CX")
	e.op("JZ %s", up)
	sums(1)
	forward(1)
	e.op("DECQ CX")
	e.op("JZ %s", done)
	e.label(up)
	sums(2)
	forward(2)
	e.op("SUBQ $2, CX")
	e.op("JNZ %s", up)
	e.op("JMP %s", done)

	e.label(back)
	e.op("MOVQ CX, R12")
	e.op("IMULQ DX, R12")
	e.op("ADDQ R12, R9")
	e.op("MOVQ CX, R12")
	e.op("SHLQ $6, R12")
	e.op("ADDQ R12, R13")
	e.op("SHLQ $1, R12")
	e.op("ADDQ R12, R10")
	e.op("ADDQ R12, R11")
	e.op("SUBQ $2, CX")
	e.op("JLT %s", one)
	e.label(down)
	e.groupBack(2)
	sums(2)
	e.op("SUBQ DX, R9")
	e.op("SUBQ $2, CX")
	e.op("JGE %s", down)
	e.label(one)
	e.op("CMPQ CX, $-2")
	e.op("JEQ %s", done)
	e.groupBack(1)
	sums(1)
	e.label(done)
}

// groupBack goes back by groups.
func (e *integer) groupBack(groups int) {
	for range groups {
		e.op("SUBQ DX, R9")
	}
	e.op("SUBQ $%d, R10", 128*groups)
	e.op("SUBQ $%d, R11", 128*groups)
	e.op("SUBQ $%d, R13", 64*groups)
}

// turn changes the direction, and goes to the last group if it is backwards. bytes is the
// size of a run. SI and DX become what leads from a group to the next: DX for weights, from
// the end of the group, and SI for sums.
func (e *integer) turn(bytes int) {
	there := e.fresh("there")
	e.op("MOVQ scratch+56(FP), AX")
	e.op("XORQ DX, DX")
	e.op("MOVQ $128, SI")
	e.op("NOTL (AX)")
	e.op("CMPL (AX), $-1")
	e.op("JNE %s", there)
	e.op("MOVQ $-128, SI")
	e.op("LEAQ -1(CX), R12")
	e.op("IMULQ BX, R12")
	e.op("IMULQ $%d, R12", bytes)
	e.op("ADDQ R12, R9")
	e.op("LEAQ -1(CX), R12")
	e.op("SHLQ $6, R12")
	e.op("ADDQ R12, R13")
	e.op("SHLQ $1, R12")
	e.op("ADDQ R12, R10")
	e.op("ADDQ R12, R11")
	e.op("IMUL3Q $-%d, BX, DX", 2*bytes)
	e.label(there)
}

// next goes to the next group.
func (e *integer) next() {
	e.op("ADDQ DX, R9")
	e.op("ADDQ SI, R10")
	e.op("ADDQ SI, R11")
	e.op("MOVQ SI, AX")
	e.op("SARQ $1, AX")
	e.op("ADDQ AX, R13")
}

// z stores z of a group from its sums in four registers, the first of which is given. Odd
// lanes take their multipliers from one further. Y14 and Y8 are scratch.
func (e *integer) z(group, first int) {
	for i := range 4 {
		r, at := first+i, 128*group+32*i
		e.op("VPSRLQ $32, Y%d, Y8", r)
		e.op("VPMULDQ %d(R11), Y%d, Y14", at, r)
		e.op("VPMULDQ %d(R11), Y8, Y8", at+4)
		e.op("VSHUFPS $0xdd, Y8, Y14, Y%d", r)
	}
	for i := range 2 {
		r := first + i
		e.op("VPACKSSDW Y%d, Y%d, Y%d", r+2, r, r)
		e.op("VMOVDQU Y%d, %d(R13)", r, 64*group+32*i)
	}
}
