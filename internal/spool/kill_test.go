package spool

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

const forEver = "INKLING_TEST_SPILL"

// The test's own binary, started with the variable, spills until it is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(forEver); dir != "" {
		spillForEver(dir)
	}
	os.Exit(m.Run())
}

// spillForEver appends records, each of its number, and says what is delivered and appended.
func spillForEver(dir string) {
	l, _, err := Open(dir, 1<<22)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var next int
	if n := l.Len(); n > 0 {
		all, err := l.Read(l.First(), n)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		next = numberOf(all[n-1]) + 1
	}
	for ; ; next++ {
		if _, err := l.Append(numbered(next)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if next%3 == 2 && l.Len() > 40 {
			l.Delivered(3)
		}
		fmt.Println(next-l.Len()+1, next)
	}
}

// numbered is a record that says its number, of up to some kilobytes.
func numbered(i int) []byte {
	return fmt.Appendf(nil, "%d %s", i, bytes.Repeat([]byte{'x'}, i*i%5000))
}

func numberOf(record []byte) (i int) {
	fmt.Sscan(string(record), &i)
	return i
}

// After kill -9 in the middle of writing, again and again, every record that was appended and
// not delivered is there, whole and in order, and of the delivered ones only the last come
// again.
func TestKilledWhileSpilling(t *testing.T) {
	dir := t.TempDir()
	for round := range 5 {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), forEver+"="+dir)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		first, last := -1, -1
		lines := bufio.NewScanner(out)
		for i := 0; lines.Scan(); i++ {
			if _, err := fmt.Sscan(lines.Text(), &first, &last); err != nil {
				t.Fatalf("round %d: %q", round, lines.Text())
			}
			if i == 150+37*round {
				c.Process.Kill() // what it has still written is read to its end
			}
		}
		c.Wait()
		l, _ := open(t, dir, 1<<22)
		records, err := l.Read(l.First(), l.Len())
		l.Close()
		if err != nil || len(records) == 0 {
			t.Fatal(len(records), err)
		}
		from := numberOf(records[0])
		for i, r := range records {
			if !bytes.Equal(r, numbered(from+i)) {
				t.Fatalf("round %d: record %d is %.20q", round, from+i, r)
			}
		}
		// The process may have done one more step than it could say.
		if end := from + len(records) - 1; from > first+3 || end < last || end > last+1 {
			t.Errorf("round %d: records %d to %d, and %d to %d were appended and not delivered", round, from, end, first, last)
		}
	}
}
