package export_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"inkling/model"
	"inkling/model/export"
	"inkling/model/notes"
)

// cortex are the flags for a Cortex-M4 with its floating-point unit.
var cortex = []string{"-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-ffunction-sections", "-fdata-sections"}

// cross runs a program of the cross compiler in dir.
func cross(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("arm-none-eabi-" + program)
	if err != nil {
		t.Skip("there is no arm-none-eabi-" + program + ": install gcc-arm-none-eabi and libnewlib-arm-none-eabi")
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return string(out)
}

// firmware is the least that uses everything.
const firmware = `#include "inkling.h"
inkling_stream stream;
volatile int label;
volatile float input[INKLING_CHANNELS];
static void report(void *to, const inkling_event *e) {
	(void)to;
	if (e->type == inkling_confirmed) {
		label = e->label;
	}
}
int main(void) {
	inkling_stream_reset(&stream, report, 0);
	for (;;) {
		float s[INKLING_CHANNELS];
		int c;
		for (c = 0; c < INKLING_CHANNELS; c++) {
			s[c] = input[c];
		}
		inkling_feed(&stream, s);
	}
}
`

// sizes returns the bytes of text and data, and of memory, of a file.
func sizes(t *testing.T, dir, file string) (text, bss int) {
	t.Helper()
	lines := strings.Split(cross(t, dir, "size", file), "\n")
	var n [3]int
	if _, err := fmt.Sscan(lines[1], &n[0], &n[1], &n[2]); err != nil {
		t.Fatalf("%q: %v", lines, err)
	}
	return n[0] + n[1], n[2]
}

// bundled returns the bundled model.
func bundled(t *testing.T) *model.Model {
	t.Helper()
	m, err := notes.Model()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// For a Cortex-M4 code and tables without the weights take at most 64 KB, with the C library's
// mathematics, and the memory is what the export says.
func TestSizeOnCortexM4(t *testing.T) {
	all := variants(t)
	all = append(all, variant{name: "notes", m: bundled(t), o: export.Options{Steps: 256}})
	for _, v := range all {
		for kind, m := range map[string]*model.Model{"float": v.m, "int8": integers(t, v.m)} {
			dir, x := write(t, m, v.o)
			if err := os.WriteFile(filepath.Join(dir, "firmware.c"), []byte(firmware), 0o666); err != nil {
				t.Fatal(err)
			}
			cross(t, dir, "gcc", append(cortex, "-Os", "-c", "firmware.c", "inkling.c")...)
			cross(t, dir, "gcc", append(cortex, "-Os", "--specs=nosys.specs", "-Wl,--gc-sections,--no-warnings", "-o", "firmware.elf", "firmware.o", "inkling.o", "-lm")...)
			text, _ := sizes(t, dir, "firmware.elf")
			_, scratch := sizes(t, dir, "inkling.o")
			ram := scratch
			for symbol := range strings.Lines(cross(t, dir, "nm", "-S", "firmware.o")) {
				if f := strings.Fields(symbol); f[len(f)-1] == "stream" {
					n, err := strconv.ParseInt(f[1], 16, 64)
					if err != nil {
						t.Fatal(err)
					}
					ram += int(n)
				}
			}
			sum := x.Memory[len(x.Memory)-1]
			code := text - x.Memory[0].Flash
			t.Logf("%s, %s: %d bytes of code and tables, %d of weights, %d of memory", v.name, kind, code, x.Memory[0].Flash, ram)
			if code > 64<<10 {
				t.Errorf("%s, %s: code and tables without the weights take %d bytes, want at most 64 KB", v.name, kind, code)
			}
			if apart := ram - sum.RAM; apart < -128 || apart > 128 {
				t.Errorf("%s, %s: a stream takes %d bytes, and the export says %d", v.name, kind, ram, sum.RAM)
			}
			if rest := text - sum.Flash; rest < 1000 || rest > 24<<10 {
				t.Errorf("%s, %s: flash has %d bytes, of them %d of constants as the export says: the program cannot have %d", v.name, kind, text, sum.Flash, rest)
			}
		}
	}
}

// start begins a program on the emulated board: memory from address 0.
const start = `extern void _start(void);
static void reset(void) {
	*(volatile unsigned *)0xE000ED88u |= 0xFu << 20; /* the floating-point unit */
	__asm volatile("dsb\n\tisb");
	_start();
}
__attribute__((section(".vectors"), used)) void (*const vectors[])(void) = {(void (*)(void))0x00400000u, reset};
`

// An emulated Cortex-M4 prints the events of the test vectors, an integer model's to the bit.
func TestVectorsOnCortexM4(t *testing.T) {
	qemu, err := exec.LookPath("qemu-system-arm")
	if err != nil {
		t.Skip("there is no qemu-system-arm")
	}
	all := variants(t)
	check := func(name string, m *model.Model, o export.Options, tolerance float64) {
		s, err := export.Settle(m, o)
		if err != nil {
			t.Fatal(err)
		}
		dir, _ := write(t, m, o)
		if err := os.WriteFile(filepath.Join(dir, "start.c"), []byte(start), 0o666); err != nil {
			t.Fatal(err)
		}
		cross(t, dir, "gcc", append(cortex, "-O2", "-DTOP=100", "--specs=rdimon.specs", "-Wl,--section-start=.vectors=0,--no-warnings", "-o", "device.elf", "start.c", "main.c", "inkling.c", "-lm")...)
		var in, stderr bytes.Buffer
		for _, x := range s.Vectors() {
			if err := export.WriteSamples(&in, x, m.Config.Channels); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(qemu, "-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none", "-semihosting-config", "enable=on,target=native", "-kernel", filepath.Join(dir, "device.elf"))
		cmd.Stdin, cmd.Stderr = &in, &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, stderr.Bytes())
		}
		r := compare(t, m, out, s.Vectors(), tolerance)
		if r.Different > 0 || r.Confirmed < 1 {
			t.Errorf("%s: %d of %d events differ, %d are confirmed: %s", name, r.Different, r.Events, r.Confirmed, r.First)
		}
		t.Logf("%s: %d steps, %d events, %d confirmed, at most %.2g apart", name, r.Steps, r.Events, r.Confirmed, r.Greatest)
	}
	for _, v := range all {
		if v.name == "activity" {
			check(v.name, integers(t, v.m), v.o, exact)
		}
	}
	if os.Getenv("INKLING_LONG") == "1" {
		check("notes", bundled(t), export.Options{Steps: 256}, bands)
	}
}
