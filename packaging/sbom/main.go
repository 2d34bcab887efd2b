// Command sbom writes what a binary was built from, as CycloneDX: sbom FILE.
//
// It reads what the Go linker has put into the binary, and so tells what is in it, not what
// go.mod asks for.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sbom FILE")
		os.Exit(2)
	}
	if err := write(os.Stdout, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

// A bill is a CycloneDX document (cyclonedx.org/docs/1.5/json).
type bill struct {
	Format     string      `json:"bomFormat"`
	Version    string      `json:"specVersion"`
	Number     int         `json:"version"`
	Metadata   metadata    `json:"metadata"`
	Components []component `json:"components"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version,omitempty"`
	URL        string     `json:"purl,omitempty"`
	Hashes     []hash     `json:"hashes,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func write(w io.Writer, file string) error {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	program := component{Type: "application", Ref: info.Path, Name: filepath.Base(info.Path), Version: info.Main.Version,
		Hashes: []hash{{"SHA-256", hex.EncodeToString(sum[:])}}}
	for _, s := range info.Settings {
		program.Properties = append(program.Properties, property{"go:build:" + s.Key, s.Value})
	}
	b := bill{Format: "CycloneDX", Version: "1.5", Number: 1, Metadata: metadata{program}, Components: []component{}}
	std := strings.TrimPrefix(info.GoVersion, "go")
	std, _, _ = strings.Cut(std, " ")
	b.Components = append(b.Components, component{Type: "library", Ref: "std", Name: "std", Version: std, URL: "pkg:golang/std@" + std})
	for _, d := range info.Deps {
		b.Components = append(b.Components, library(d))
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(&b)
}

func library(d *debug.Module) component {
	c := component{Type: "library", Ref: d.Path, Name: d.Path, Version: d.Version, URL: "pkg:golang/" + d.Path + "@" + d.Version}
	if d.Replace != nil { // packaging/slim's copy
		c.Properties = append(c.Properties, property{"go:replaced", "two functions are changed: packaging/slim"})
	}
	if h, ok := strings.CutPrefix(d.Sum, "h1:"); ok {
		if raw, err := base64.StdEncoding.DecodeString(h); err == nil {
			c.Properties = append(c.Properties, property{"go:h1", hex.EncodeToString(raw)})
		}
	}
	return c
}
