// Gen writes the assembly of package f32: go generate ./internal/f32.
package main

import (
	"log"
	"os"
	"path/filepath"
)

// files maps the name of each generated file to the function that writes it.
var files = map[string]func() []byte{
	"kernel_neon_arm64.s":   writeNEON,
	"kernel_avx2_amd64.s":   avx2,
	"kernel_avx512_amd64.s": avx512,
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: gen DIR")
	}
	for name, generate := range files {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), generate(), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
