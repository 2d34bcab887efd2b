package main

import (
	"fmt"
	"math"
)

// table holds the constants of the gates. The polynomial for 2^f on [−½, ½] is that of
// exp.go in package f32.
var table = []struct {
	name  string
	value float64
}{
	{"one", 1}, {"top", 40}, {"bottom", -40}, {"tanh", -2 * math.Log2E},
	{"p1", 0.69314697756895549}, {"p2", 0.24022242024270055}, {"p3", 0.055507337530822098},
	{"p4", 0.0096715166671200985}, {"p5", 0.0013264738641195399},
}

// constants writes each value of the table once per lane of a vector.
func constants(e *emitter, lanes int) {
	for i, t := range table {
		for lane := range lanes {
			e.line(fmt.Sprintf("DATA constants<>+%d(SB)/4, $0x%08x // %s", 4*(i*lanes+lane), math.Float32bits(float32(t.value)), t.name))
		}
	}
	e.line(fmt.Sprintf("GLOBL constants<>(SB), RODATA|NOPTR, $%d", 4*lanes*len(table)))
}

// constant returns the memory operand of a value of the table.
func constant(name string, lanes int) string {
	return fmt.Sprintf("constants<>+%d(SB)", 4*lanes*constantIndex(name))
}

// constantIndex returns the index of a value in the table.
func constantIndex(name string) int {
	for i, t := range table {
		if t.name == name {
			return i
		}
	}
	panic("no constant " + name)
}
