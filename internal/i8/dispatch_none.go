//go:build !(amd64 || arm64) || purego

package i8

var (
	levels   = []string{"generic"}
	packings = []packing{{lanes: natural}}
	level    = 0
)

func native() []string { return nil }

func step(l *Layer, c []int32, h []int16, hf []float32, acts []int16, start, _ []int32) {
	stepGeneric(l, c, h, hf, acts, start)
}

func dots(dst []int32, w []int8, x []int16) { dotsGeneric(dst, w, x) }
