package collect

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"inkling/capture"
)

// slowest is the least sampling rate of sound. An example of slower signals is written as a
// table, which tools for sensors read, and training takes for values and not for sound.
const slowest = 1000

// isTable reports whether examples of format f become tables.
func (o *Options) isTable(f *capture.Format) bool {
	return f.Rate < slowest || len(o.Names) == f.Channels && f.Channels > 0
}

// writeTable writes samples, a row each, with their times from 0 on.
func (o *Options) writeTable(w io.Writer, samples []float32, f *capture.Format) error {
	b := bufio.NewWriter(w)
	b.WriteString("t")
	for c := range f.Channels {
		if len(o.Names) == f.Channels {
			b.WriteString("," + quote(o.Names[c]))
		} else {
			fmt.Fprintf(b, ",channel%d", c+1)
		}
	}
	for i, v := range samples {
		if i%f.Channels == 0 {
			b.WriteString("\n" + strconv.FormatFloat(float64(i/f.Channels)/f.Rate, 'g', 12, 64))
		}
		b.WriteByte(',')
		b.Write(strconv.AppendFloat(b.AvailableBuffer(), float64(v), 'g', -1, 32))
	}
	b.WriteString("\n")
	return b.Flush()
}

// quote returns a name as a cell of CSV.
func quote(name string) string {
	for _, r := range name {
		if r == ',' || r == '"' || r == '\n' || r == '\r' {
			return strconv.Quote(name)
		}
	}
	return name
}
