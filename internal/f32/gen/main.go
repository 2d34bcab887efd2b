// Gen writes the assembly of packages f32 and i8: go generate ./internal/f32 ./internal/i8.
package main

import (
	"log"
	"os"
	"path/filepath"
)

// files maps, for each package, the name of each generated file to the function that writes
// it.
var files = map[string]map[string]func() []byte{
	"f32": {
		"kernel_neon_arm64.s":   writeNEON,
		"kernel_avx2_amd64.s":   avx2,
		"kernel_avx512_amd64.s": avx512,
	},
	"i8": {
		"kernel_neon_arm64.s":    integerNEON,
		"kernel_avx2_amd64.s":    integerAVX2,
		"kernel_avxvnni_amd64.s": integerVNNI,
		"kernel_avx512_amd64.s":  integerAVX512,
	},
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: gen DIR, the directory of package f32 or i8")
	}
	dir, err := filepath.Abs(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for name, generate := range files[filepath.Base(dir)] {
		if err := os.WriteFile(filepath.Join(dir, name), generate(), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
