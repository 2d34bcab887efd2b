// Init is the first and only process of the emulated machine: it runs each test
// binary named on the kernel's command line and powers the machine off.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	syscall.Mount("devtmpfs", "/dev", "devtmpfs", 0, "")
	start, failed := time.Now(), false
	for _, line := range tests() {
		args := strings.Fields(line)
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = filepath.Dir(args[0])
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
		if err := cmd.Run(); err != nil {
			fmt.Printf("FAIL %s: %v\n", line, err)
			failed = true
		}
	}
	fmt.Printf("the machine's clock: %.1f s\n", time.Since(start).Seconds())
	if !failed {
		fmt.Println("all passed")
	}
	syscall.Sync()
	time.Sleep(100 * time.Millisecond) // for the serial line
	syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
}

// tests returns the lines of /tests, a command each.
func tests() []string {
	b, err := os.ReadFile("/tests")
	if err != nil {
		fmt.Println("FAIL", err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}
