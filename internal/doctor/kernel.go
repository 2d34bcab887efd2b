package doctor

import (
	"slices"
	"strings"
)

// Vectors says which vector kernels compute, and why no faster ones do.
func (m *Machine) Vectors() Finding {
	const check = "kernel"
	best := m.Kernels[len(m.Kernels)-1]
	cpu := m.read("proc/cpuinfo")
	flags := strings.Fields(field(cpu, "flags"))
	has := func(all ...string) bool {
		return !slices.ContainsFunc(all, func(f string) bool { return !slices.Contains(flags, f) })
	}
	switch {
	case m.Kernel != best:
		return warn(check, "unset INKLING_KERNEL", "%s, which INKLING_KERNEL chooses: this processor runs %s", m.Kernel, best)
	case best == "avx2" && !has("avx512f"):
		return ok(check, "avx2: the processor has no AVX-512")
	case best == "avx2":
		return ok(check, "avx2: the processor's AVX-512 lacks DQ or VL, or the system does not save its registers")
	case best != "generic":
		return ok(check, "%s, the fastest kernels for %s", best, m.Arch)
	case m.Arch == "arm64" || m.Arch == "amd64" && has("avx2", "fma"):
		return warn(check, "go install ./cmd/inkling", "generic: this program was built without assembly (-tags purego)")
	case m.Arch == "amd64" && has("hypervisor"):
		return warn(check, "give the virtual machine the processor of its host, in QEMU with -cpu host",
			"generic: this virtual machine does not show AVX2 and FMA, and steps take several times as long without")
	case m.Arch == "amd64":
		return warn(check, "inkling train DATA --hidden 32 -o SMALLER.model", "generic: the processor has no AVX2 and FMA, and steps take several times as long without; see headroom")
	case m.Arch == "arm" && field(cpu, "CPU architecture") == "8":
		return warn(check, "sudo dpkg --add-architecture arm64 && sudo apt install ./inkling_VERSION_arm64.deb",
			"generic: this is the program for 32 bits on a processor of 64 bits, where NEON kernels would run")
	}
	return ok(check, "generic: there are no vector kernels for %s", m.Arch)
}
