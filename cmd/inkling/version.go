package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/alecthomas/kong"

	"inkling/internal/f32"
)

type versionCmd struct{}

func (versionCmd) Run(a *app) error { return printVersion(a.stdout) }

func printVersion(w io.Writer) error {
	_, err := fmt.Fprintf(w, "inkling %s%s %s/%s %s kernels:%s\n", version, build, runtime.GOOS, runtime.GOARCH, runtime.Version(), f32.Kernel())
	return err
}

// versionFlag is --version, which needs no command.
type versionFlag bool

// BeforeReset prints the version and ends the program.
func (versionFlag) BeforeReset(k *kong.Kong) error {
	if err := printVersion(k.Stdout); err != nil {
		return err
	}
	k.Exit(0)
	return nil
}
