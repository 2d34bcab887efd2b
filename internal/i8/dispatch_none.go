//go:build !amd64 || purego

package i8

func native() []string { return nil }

func choose(string) {}

func step(l *Layer, c []int32, h []int16, hf []float32, acts []int16, start, _ []int32) {
	stepGeneric(l, c, h, hf, acts, start)
}

func dots(dst []int32, w []int8, x []int16) { dotsGeneric(dst, w, x) }
