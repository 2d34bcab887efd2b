package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// GNU as encodes VPDPBUSD as dotBytes does.
func TestDotBytes(t *testing.T) {
	as, err := exec.LookPath("as")
	if err != nil || runtime.GOARCH != "amd64" {
		t.Skip("no assembler for amd64")
	}
	var e integer
	var source strings.Builder
	for i := range 64 {
		w, a, d := i%16, i*7%16, i*5/4%16
		e.dotBytes(w, a, d)
		fmt.Fprintf(&source, "{vex} vpdpbusd %%ymm%d, %%ymm%d, %%ymm%d\n", w, a, d)
	}
	var got []byte
	for _, m := range regexp.MustCompile(`(LONG|BYTE) \$0x([0-9a-f]+)`).FindAllStringSubmatch(e.String(), -1) {
		v, err := strconv.ParseUint(m[2], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		for range map[string]int{"LONG": 4, "BYTE": 1}[m[1]] {
			got = append(got, byte(v))
			v >>= 8
		}
	}
	dir := t.TempDir()
	file, object, code := filepath.Join(dir, "a.s"), filepath.Join(dir, "a.o"), filepath.Join(dir, "a.bin")
	if err := os.WriteFile(file, []byte(source.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{as, "-o", object, file}, {"objcopy", "-O", "binary", "-j", ".text", object, code}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
	}
	want, err := os.ReadFile(code)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) < len(got) || string(want[:len(got)]) != string(got) {
		t.Errorf("dotBytes writes %x, as %x", got, want)
	}
}
