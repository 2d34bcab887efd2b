package main

import (
	"fmt"
	"runtime"

	"inkling/internal/f32"
)

type versionCmd struct{}

func (versionCmd) Run(a *app) error {
	_, err := fmt.Fprintf(a.stdout, "inkling %s %s/%s %s kernels:%s\n", version, runtime.GOOS, runtime.GOARCH, runtime.Version(), f32.Kernel())
	return err
}
