package export

import (
	"io"
	"strconv"
)

// WriteSamples writes an example as main.c reads it: a line for each time, with a number for
// each channel, between lines "begin" and "done", which mark a message and say nothing to the
// other segmenters, and a line "end".
func WriteSamples(w io.Writer, x []float32, channels int) error {
	line := []byte("begin\n")
	for len(x) >= channels {
		for i, v := range x[:channels] {
			if i > 0 {
				line = append(line, ' ')
			}
			line = strconv.AppendFloat(line, float64(v), 'g', -1, 32)
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
		line, x = line[:0], x[channels:]
	}
	_, err := w.Write(append(line, "done\nend\n"...))
	return err
}
