package natsio

import (
	"os/exec"
	"syscall"
)

// dieWithParent leaves no server behind, whatever happens to the test.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
