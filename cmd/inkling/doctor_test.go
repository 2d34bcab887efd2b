package main

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"inkling/internal/doctor"
	"inkling/model"
)

// roomVariable has the inkling of the scripts look at a machine that is made up: well, or
// ill, which nothing on it is.
const roomVariable = "INKLING_TEST_MACHINE"

func init() {
	if kind := os.Getenv(roomVariable); kind != "" {
		lookAround = func() *surroundings { return madeUp(kind == "ill") }
	}
}

// madeUp is a Raspberry Pi.
func madeUp(ill bool) *surroundings {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	files := fstest.MapFS{}
	put := func(name, text string) { files[name] = &fstest.MapFile{Data: []byte(text)} }
	put("proc/meminfo", "MemTotal: 948000 kB\nMemAvailable: 700000 kB\n")
	put("proc/self/status", "VmRSS: 17000 kB\n")
	put("proc/self/cgroup", "0::/\n")
	put("sys/class/thermal/thermal_zone0/type", "cpu-thermal")
	put("sys/class/thermal/thermal_zone0/temp", "48312")
	put("sys/class/rtc/rtc0/name", "rtc-ds1307")
	put("usr/lib/systemd/systemd-timesyncd", "")
	put("etc/group", "audio:x:29:\n")
	put("proc/self/mounts", "/dev/mmcblk0p2 / ext4 rw,noatime 0 0\n")
	m := &doctor.Machine{Files: files, OS: "linux", Arch: "arm64", User: doctor.User{Name: "pi", ID: 1000}, Kernel: "neon", Kernels: []string{"generic", "neon"}, Built: at}
	reading := doctor.Reading{Wall: at, Running: time.Hour, Known: true, Synced: !ill}
	m.Clock = func() doctor.Reading { return reading }
	card := doctor.Card{Name: "USB PnP: USB Audio (hw:1,0)", Path: "/dev/snd/pcmC1D0c", Channels: 1, Low: 8000, High: 48000, Default: true}
	disk, cost := madeUpDisk{}, 500.0
	if ill {
		card.Err, disk.err, cost = fs.ErrPermission, syscall.EROFS, 1.5e6
		put("sys/devices/platform/soc/soc:firmware/get_throttled", "50005")
		put("sys/fs/cgroup/system.slice/inkling.service/memory.max", "268435456")
	}
	m.Disk = disk
	m.Sound = func() ([]doctor.Card, error) { return []doctor.Card{card}, nil }
	return &surroundings{machine: m, processors: 4, broker: "nats://127.0.0.1:1", cost: func(context.Context, *model.Model) (float64, error) { return cost, nil }}
}

type madeUpDisk struct{ err error }

func (madeUpDisk) Space(string) (doctor.Space, error) {
	return doctor.Space{Free: 24e9, Total: 31e9, Files: 1e6}, nil
}

func (d madeUpDisk) Write(string) (time.Duration, error) { return 4 * time.Millisecond, d.err }

// doctor looks at the machine that it runs on, in the order that its help has.
func TestDoctorHere(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir()) // no context of nats
	out, _, _ := inkling(t, "", "doctor", "--json", "--urls", "nats://127.0.0.1:1")
	var all []doctor.Finding
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatal(err)
	}
	help := doctorCmd{}.Help()
	last := 0
	for _, f := range all {
		at := strings.Index(help, "\n  "+f.Check+" ")
		if at < last {
			t.Errorf("%s is not in the help, or earlier", f.Check)
		}
		last = at
		if f.Level != doctor.OK && f.Remedy == "" {
			t.Errorf("no remedy: %+v", f)
		}
	}
	if len(all) < 8 {
		t.Errorf("%d findings", len(all))
	}
}
