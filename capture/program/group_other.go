//go:build !unix

package program

import "os/exec"

func shell(line string) []string { return []string{"cmd", "/C", line} }

func ownGroup(*exec.Cmd) {}

func killGroup(c *exec.Cmd) { c.Process.Kill() }
