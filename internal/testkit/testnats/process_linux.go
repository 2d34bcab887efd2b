package testnats

import (
	"os/exec"
	"syscall"
)

// dieWithParent ends cmd with this process, however that ends.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
