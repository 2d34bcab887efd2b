package export_test

import (
	"bytes"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"inkling/internal/testkit/testmodel"
	"inkling/model/export"
	"inkling/model/feature"
	"inkling/model/segment"
)

// The program takes lines that have what the model takes, and no others: a number too many would
// be another sample.
func TestLinesOfSamples(t *testing.T) {
	c := testmodel.Labels(100, 2, "a", "b")
	c.Front = feature.Config{Kind: feature.KindRaw, Samples: 2}
	c.Segment = segment.Config{Kind: segment.Message, MaxDuration: 5}
	m := testmodel.New(t, c, rand.New(rand.NewPCG(1, 1)))
	dir, _ := write(t, m, export.Options{Steps: 50})
	program := compile(t, dir)
	long := strings.Repeat(" ", 200)
	what := regexp.MustCompile(`"type":"(confirmed|dropped|gap)".*"sample":(\d+)`)
	for _, c := range []struct {
		name, in, want string
		refused        bool
	}{
		{"a message", "begin\n1 2\n3\t4\r\n done", "", true}, // the last line is neither
		{"a message and its end", "begin\n1 2\n3\t4 \r\ndone\n", "confirmed 2", false},
		{"nothing at the end", "begin\n1 2\n3 4\ndone", "confirmed 2", false},
		{"a sample that is lost before a message", "nan 1\nbegin\n1 2\n3 4\ndone\n", "gap 1,confirmed 3", false},
		{"and in it", "begin\n1 2\n3 4\n1 nan\n1 2\n3 4\ndone\n", "confirmed 2,gap 3", false},
		{"too few numbers", "begin\n1\n", "", true},
		{"too many numbers", "begin\n1 2 3\n", "", true},
		{"commas", "begin\n1,2\n", "", true},
		{"a word after the numbers", "begin\n1 2 V\n", "", true},
		{"a long line", "begin\n1 2" + long + "\n", "", true},
		{"a long line with numbers", "begin\n1 2" + long + "3 4\n", "", true},
		{"an empty line", "begin\n\n1 2\n", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command(program)
			var out, stderr bytes.Buffer
			cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(c.in), &out, &stderr
			err := cmd.Run()
			if refused := err != nil && strings.Contains(stderr.String(), "a line of 2 numbers is expected: "); refused != c.refused {
				t.Fatalf("%v, %q\n%s", err, stderr.String(), out.String())
			}
			var got []string
			for _, e := range what.FindAllStringSubmatch(out.String(), -1) {
				got = append(got, e[1]+" "+e[2])
			}
			if !c.refused && strings.Join(got, ",") != c.want {
				t.Errorf("%v, want %s\n%s", got, c.want, out.String())
			}
		})
	}
}
