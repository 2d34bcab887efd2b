package main

import (
	"fmt"
	"maps"
	"slices"
)

// integerAVX2, integerVNNI and integerAVX512 return the kernels of package i8. They differ in
// how they sum and in how they look up the cubics; the gates are those of sixteen units in
// registers of 256 bits.
func integerAVX2() []byte   { return integerKernels(integer{name: "AVX2"}) }
func integerVNNI() []byte   { return integerKernels(integer{name: "AVXVNNI", vnni: true}) }
func integerAVX512() []byte { return integerKernels(integer{name: "AVX512", vnni: true, wide: true}) }

// integer writes the kernels of package i8 for amd64.
type integer struct {
	emitter
	name string
	vnni bool // with dot products of bytes
	wide bool // with AVX-512
}

// cubics are those of package i8; a test compares them.
var cubics = [4][16]int16{
	{32767, 17627, 7812, 3108, 1179, 439, 162, 60, 22, 8, 3, 1},
	{-16439, -12946, -6879, -2949, -1152, -434, -161, -59, -22, -8, -3, -1},
	{267, 3288, 2614, 1278, 523, 201, 75, 27, 10, 4, 1, 1},
	{1034, -155, -439, -259, -112, -44, -16, -6, -2, -1},
}

func integerKernels(e integer) []byte {
	e.begin("amd64 && !purego")
	e.integerConstants()
	e.integerStep()
	if !e.vnni {
		e.dots()
	}
	return e.Bytes()
}

// integerConstants writes the cubics, as words for VPERMW or as low and high bytes for
// VPSHUFB, and what the gates need in all lanes.
func (e *integer) integerConstants() {
	word := func(table string, at int, v uint64) {
		e.line(fmt.Sprintf("DATA %s<>+%d(SB)/8, $0x%016x", table, at, v))
	}
	at := 0
	for _, c := range cubics {
		for part := range 2 {
			for half := range 2 { // of a register
				for q := range 2 {
					var v uint64
					for i := range 8 {
						b := uint64(uint16(c[8*q+i])) >> (8 * part) & 0xff
						if e.wide {
							b = uint64(uint16(c[8*half+4*q+i/2])) >> (8 * (i % 2)) & 0xff
						}
						v |= b << (8 * i)
					}
					word("cubics", at, v)
					at += 8
				}
			}
			if e.wide {
				break
			}
		}
	}
	e.line(fmt.Sprintf("GLOBL cubics<>(SB), RODATA|NOPTR, $%d", at))
	for i, k := range integerTable {
		for q := range 4 {
			word("lanes", 32*i+8*q, k.value)
		}
	}
	e.line(fmt.Sprintf("GLOBL lanes<>(SB), RODATA|NOPTR, $%d", 32*len(integerTable)))
}

// integerTable holds the constants of the gates, eight bytes of each.
var integerTable = []struct {
	name  string
	value uint64
}{
	{"fraction", 0x7ff07ff07ff07ff0}, {"most", 0x7fff7fff7fff7fff}, {"low", 0x0000ffff0000ffff}, {"bytes", 0x00ff00ff00ff00ff},
	{"half9", 0x0000020000000200}, {"half7", 0x0000008000000080}, {"half15", 0x0000800000008000}, {"sign", 0x8080808080808080},
	{"maxCell", 0x3fffffff3fffffff}, {"minCell", 0xc0000001c0000001}, {"four", 0x0004000400040004}, {"one", 0x3980000039800000},
}

func lanesOf(name string) string {
	for i, k := range integerTable {
		if k.name == name {
			return fmt.Sprintf("lanes<>+%d(SB)", 32*i)
		}
	}
	panic("no constant " + name)
}

// scratchHead is the size of what is before the z of gates in scratch memory: the direction
// of the step, −1 or not. Each step walks the groups in the other direction than the one
// before it, so it begins with weights that are still in the first level of the cache.
const scratchHead = 32

// integerStep writes Step, in passes: the z of all groups, and c and then h of pairs of
// groups, which so do not wait for one another.
//
//	DI c, SI h, DX hf, R8 acts, R9 weights, R10 start, R11 mult, R13 z, CX groups left, BX runs
func (e *integer) integerStep() {
	name := "step" + e.name
	e.function8(name, "func "+name+"(c *int32, h *int16, hf *float32, acts *int16, weights *int8, start, mult, scratch *int32, groups, runs int)",
		[]param{{"c", "DI"}, {"h", ""}, {"hf", ""}, {"acts", "R8"}, {"weights", "R9"}, {"start", "R10"}, {"mult", "R11"}, {"scratch", "R13"}, {"groups", "CX"}, {"runs", "BX"}})
	e.op("ADDQ $%d, R13", scratchHead)
	e.op("MOVQ CX, AX")
	e.op("SHLQ $6, AX")
	e.op("VPXOR Y0, Y0, Y0")
	e.op("VMOVDQU Y0, (R13)(AX*1)") // z of the group that makes a pair
	e.op("VMOVDQU Y0, 32(R13)(AX*1)")
	switch {
	case e.wide:
		e.bytesOfActs()
		e.inPairs(128, e.sumsWide)
	case e.vnni:
		e.bytesOfActs()
		e.sumsVNNI()
	default:
		e.total()
		e.inPairs(64, e.sumsWords)
	}
	e.op("MOVQ h+8(FP), SI")
	e.op("MOVQ hf+16(FP), DX")
	e.pairsOfGroups(e.unitGates, map[string]int{"DI": 64})
	e.pairsOfGroups(e.unitOutputs, map[string]int{"SI": 32, "DX": 64})
	e.end()
}

// pairsOfGroups writes a loop over pairs of groups and their sums at R13.
func (e *integer) pairsOfGroups(body func(), strides map[string]int) {
	loop := e.fresh("pair")
	e.op("MOVQ scratch+56(FP), R13")
	e.op("ADDQ $%d, R13", scratchHead)
	e.op("MOVQ groups+64(FP), CX")
	e.label(loop)
	body()
	for _, reg := range slices.Sorted(maps.Keys(strides)) {
		e.op("ADDQ $%d, %s", strides[reg], reg)
	}
	e.op("ADDQ $128, R13")
	e.op("SUBQ $2, CX")
	e.op("JGT %s", loop)
}

// dots writes Sums for rows of k values, a multiple of sixteen.
func (e *integer) dots() {
	name := "dots" + e.name
	e.function8(name, "func "+name+"(dst *int32, w *int8, x *int16, rows, k int)",
		[]param{{"dst", "DI"}, {"w", "SI"}, {"x", "DX"}, {"rows", "CX"}, {"k", "BX"}})
	row, loop := e.fresh("row"), e.fresh("loop")
	e.op("SHRQ $4, BX")
	e.label(row)
	e.op("MOVQ DX, AX")
	e.op("MOVQ BX, R12")
	e.op("VPXOR Y0, Y0, Y0")
	e.label(loop)
	e.op("VPMOVSXBW (SI), Y1")
	e.op("VPMADDWD (AX), Y1, Y1")
	e.op("VPADDD Y1, Y0, Y0")
	e.op("ADDQ $16, SI")
	e.op("ADDQ $32, AX")
	e.op("DECQ R12")
	e.op("JNZ %s", loop)
	e.op("VEXTRACTI128 $1, Y0, X1")
	e.op("VPADDD X1, X0, X0")
	e.op("VPSHUFD $0x4e, X0, X1")
	e.op("VPADDD X1, X0, X0")
	e.op("VPSHUFD $0xb1, X0, X1")
	e.op("VPADDD X1, X0, X0")
	e.op("VMOVD X0, (DI)")
	e.op("ADDQ $4, DI")
	e.op("DECQ CX")
	e.op("JNZ %s", row)
	e.end()
}
