package main

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// GNU as encodes the mnemonic of each word of the NEON kernels to that word. The test needs
// Debian's binutils-aarch64-linux-gnu.
func TestWords(t *testing.T) {
	as, err := exec.LookPath("aarch64-linux-gnu-as")
	if err != nil {
		t.Skip("no assembler for arm64: ", err)
	}
	var words []uint32
	var mnemonics []string
	kernels := append(writeNEON(), integerNEON()...)
	for _, m := range regexp.MustCompile(`(?m)^\tWORD \$(\S+) // (.*)$`).FindAllSubmatch(kernels, -1) {
		w, err := strconv.ParseUint(string(m[1]), 0, 32)
		if err != nil {
			t.Fatal(err)
		}
		words, mnemonics = append(words, uint32(w)), append(mnemonics, string(m[2]))
	}
	if len(words) == 0 || len(words) != strings.Count(string(kernels), "WORD") {
		t.Fatalf("%d words have mnemonics", len(words))
	}
	for i, w := range assemble(t, as, mnemonics) {
		if w != words[i] {
			t.Errorf("%s is %08x, not %08x", mnemonics[i], w, words[i])
		}
	}
}

// assemble returns the words of the instructions.
func assemble(t *testing.T, as string, instructions []string) (words []uint32) {
	dir := t.TempDir()
	source, object, code := filepath.Join(dir, "a.s"), filepath.Join(dir, "a.o"), filepath.Join(dir, "a.bin")
	if err := os.WriteFile(source, []byte(strings.Join(instructions, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{
		{as, "-march=armv8.2-a+dotprod", "-o", object, source},
		{strings.TrimSuffix(as, "as") + "objcopy", "-O", "binary", "-j", ".text", object, code},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
	}
	bytes, err := os.ReadFile(code)
	if err != nil {
		t.Fatal(err)
	}
	for four := range slices.Chunk(bytes, 4) {
		words = append(words, binary.LittleEndian.Uint32(four))
	}
	if len(words) != len(instructions) {
		t.Fatalf("%d words from %d instructions", len(words), len(instructions))
	}
	return words
}
