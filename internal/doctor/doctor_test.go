package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// found is a finding that is expected.
type found struct {
	level  Level
	text   string // a part of it
	remedy string // likewise
}

// files makes a file system of names and texts in turn.
func files(pairs ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return m
}

func check(t *testing.T, name string, all []Finding, want ...found) {
	t.Helper()
	var got []string
	for _, f := range all {
		got = append(got, fmt.Sprintf("%s: %s [%s]", f.Level, f.Text, f.Remedy))
	}
	if len(all) != len(want) {
		t.Errorf("%s: %d findings, want %d:\n%s", name, len(all), len(want), strings.Join(got, "\n"))
		return
	}
	for i, w := range want {
		f := all[i]
		if f.Level != w.level || !strings.Contains(f.Text, w.text) || !strings.Contains(f.Remedy, w.remedy) || (f.Level != OK) != (f.Remedy != "") {
			t.Errorf("%s: %s\nwant %s: %s [%s]", name, got[i], w.level, w.text, w.remedy)
		}
	}
}

func TestVectors(t *testing.T) {
	all, avx2, none := []string{"generic", "avx2", "avx512"}, []string{"generic", "avx2"}, []string{"generic"}
	for name, c := range map[string]struct {
		arch, use string
		can       []string
		cpu       string
		want      found
	}{
		"the best":      {"amd64", "avx512", all, "", found{OK, "avx512", ""}},
		"neon":          {"arm64", "neon", []string{"generic", "neon"}, "", found{OK, "neon", ""}},
		"no AVX-512":    {"amd64", "avx2", avx2, "flags\t\t: fpu avx2 fma\n", found{OK, "has no AVX-512", ""}},
		"half AVX-512":  {"amd64", "avx2", avx2, "flags\t\t: fpu avx2 fma avx512f\n", found{OK, "lacks DQ or VL", ""}},
		"chosen":        {"amd64", "generic", all, "", found{Warn, "INKLING_KERNEL chooses", "unset INKLING_KERNEL"}},
		"no assembly":   {"amd64", "generic", none, "flags : avx2 fma\n", found{Warn, "built without assembly", "go install"}},
		"pure on arm64": {"arm64", "generic", none, "", found{Warn, "built without assembly", "go install"}},
		"hidden":        {"amd64", "generic", none, "flags : sse2 hypervisor\n", found{Warn, "virtual machine", "-cpu host"}},
		"old":           {"amd64", "generic", none, "flags : sse2\n", found{Warn, "no AVX2", "--hidden 32"}},
		"32 of 64 bits": {"arm", "generic", none, "CPU architecture: 8\n", found{Warn, "32 bits", "arm64.deb"}},
		"32 bits":       {"arm", "generic", none, "CPU architecture: 7\n", found{OK, "no vector kernels for arm", ""}},
		"no /proc":      {"riscv64", "generic", none, "", found{OK, "no vector kernels for riscv64", ""}},
	} {
		m := &Machine{Files: files("proc/cpuinfo", c.cpu), Arch: c.arch, Kernel: c.use, Kernels: c.can}
		check(t, name, []Finding{m.Vectors()}, c.want)
	}
}

func TestTime(t *testing.T) {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	began := Reading{Wall: at, Running: time.Hour}
	later := func(wall, running time.Duration) Reading {
		return Reading{Wall: at.Add(wall), Running: time.Hour + running, Known: true, Synced: true}
	}
	held, unknown, slept := found{OK, "held by NTP", ""}, later(time.Second, time.Second), later(time.Second, time.Second)
	unknown.Known, slept.Asleep = false, 3*time.Hour
	unsynced := later(time.Second, time.Second)
	unsynced.Synced = false
	systemd := files("sys/class/rtc/rtc0/name", "x", "run/systemd/system/x", "")
	bare := files("sys/class/net/x", "", "run/systemd/system/x", "")
	for name, c := range map[string]struct {
		files fs.FS
		now   Reading
		built time.Time
		want  []found
	}{
		"held":     {systemd, later(time.Second, time.Second), at, []found{held}},
		"unsynced": {files("usr/lib/systemd/systemd-timesyncd", ""), unsynced, at, []found{{Warn, "NTP does not hold it", "timedatectl set-ntp true"}}},
		"chrony":   {files("usr/sbin/chronyd", ""), unsynced, at, []found{{Warn, "NTP does not hold it", "chronyc makestep"}}},
		"ntpd":     {files("usr/sbin/ntpd", ""), unsynced, at, []found{{Warn, "NTP does not hold it", "ntpsec"}}},
		"nothing":  {files(), unsynced, at, []found{{Warn, "NTP does not hold it", "apt install systemd-timesyncd"}}},
		"unknown":  {files(), unknown, at, []found{{OK, "does not say", ""}}},
		"1970":     {files(), later(0, 0), at.Add(time.Hour), []found{{Fail, "it has lost the time", "set-ntp"}}},
		"forward":  {systemd, later(4*time.Second, time.Second), at, []found{held, {Warn, "moved by +3.0 s", "journalctl"}}},
		"backward": {systemd, later(-time.Second, time.Second), at.Add(-time.Hour), []found{held, {Warn, "moved by -2.0 s", "journalctl"}}},
		"asleep":   {systemd, slept, at, []found{held, {Warn, "slept for 3h0m0s", "mask sleep.target"}}},
		"no rtc":   {bare, later(0, 0), at, []found{held, {Warn, "no battery", "enable systemd-time-wait-sync"}}},
	} {
		m := &Machine{Files: c.files, OS: "linux", Built: c.built, Clock: func() Reading { return c.now }}
		check(t, name, m.Time(began), c.want...)
	}
}

func TestHeat(t *testing.T) {
	cpu := "sys/devices/system/cpu/cpu0/cpufreq/"
	zone := "sys/class/thermal/thermal_zone0/"
	pi := "sys/devices/platform/soc/soc:firmware/get_throttled"
	for name, c := range map[string]struct {
		files fs.FS
		want  found
	}{
		"nothing known":   {files(), found{OK, "does not say", ""}},
		"cool":            {files(zone+"temp", "48300\n", zone+"type", "cpu-thermal\n"), found{OK, "cpu-thermal is at 48 °C", ""}},
		"hot":             {files(zone+"temp", "81000\n", zone+"type", "cpu-thermal\n"), found{Warn, "81 °C", "heat sink"}},
		"its own limit":   {files(zone+"temp", "66000", zone+"type", "soc", zone+"trip_point_0_type", "passive", zone+"trip_point_0_temp", "65000"), found{Warn, "from 65 °C", "heat sink"}},
		"below its limit": {files(zone+"temp", "85000", zone+"type", "soc", zone+"trip_point_1_type", "critical", zone+"trip_point_1_temp", "110000"), found{OK, "85 °C", ""}},
		"a fan's limit":   {files(zone+"temp", "60000", zone+"type", "soc", zone+"trip_point_0_type", "active", zone+"trip_point_0_temp", "50000"), found{OK, "60 °C", ""}},
		"capped":          {files(cpu+"cpuinfo_max_freq", "1800000", cpu+"scaling_max_freq", "600000"), found{Warn, "600 MHz of its 1800", "scaling_max_freq"}},
		"powersave":       {files(cpu+"scaling_governor", "powersave", cpu+"scaling_driver", "cpufreq-dt"), found{Warn, "lowest clock", "schedutil"}},
		"intel_pstate":    {files(cpu+"scaling_governor", "powersave", cpu+"scaling_driver", "intel_pstate"), found{OK, "", ""}},
		"under voltage":   {files(pi, "50005"), found{Warn, "supply voltage is too low now", "power supply"}},
		"was too low":     {files(pi, "0x50000"), found{Warn, "has been too low", "power supply"}},
		"throttled":       {files(pi, "4"), found{Warn, "for heat now", "heat sink"}},
		"was throttled":   {files(pi, "40000"), found{Warn, "for heat since", "heat sink"}},
		"pi is well":      {files(pi, "0"), found{OK, "", ""}},
		"hwmon":           {files("sys/class/hwmon/hwmon1/name", "rpi_volt\n", "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n"), found{Warn, "supply voltage", "power supply"}},
	} {
		check(t, name, (&Machine{Files: c.files}).Heat(), c.want)
	}
}

func TestMemory(t *testing.T) {
	machine := func(limit string, more ...string) fs.FS {
		return files(append([]string{"proc/meminfo", "MemTotal:  4000000 kB\nMemAvailable:  3000000 kB\n", "proc/self/status", "VmRSS:\t   20000 kB\n",
			"proc/self/cgroup", "0::/user.slice/run.scope\n", "sys/fs/cgroup/user.slice/memory.max", limit}, more...)...)
	}
	const mb = 1 << 20
	fine := found{OK, "20 MB", ""}
	for name, c := range map[string]struct {
		files fs.FS
		of    Demand
		limit int64
		want  []found
	}{
		"no /proc":      {files(), Demand{}, 0, []found{{OK, "does not say", ""}}},
		"no limit":      {machine("max"), Demand{Waiting: 1 << 30}, 0, []found{fine}},
		"a limit":       {machine("268435456"), Demand{}, 0, []found{{OK, "the limit is 268 MB", ""}}},
		"too low":       {machine("20971520"), Demand{}, 0, []found{{Fail, "the kernel ends it", "docker run"}}},
		"what waits":    {machine("268435456"), Demand{Waiting: 1 << 30}, 0, []found{{Warn, "in an outage or a flood", "RunOptions.Memory 177MB"}}},
		"version 1":     {files("proc/meminfo", "MemTotal: 4000000 kB\nMemAvailable: 3000000 kB\n", "proc/self/status", "VmRSS: 20000 kB\n", "proc/self/cgroup", "4:memory:/a\n0::/\n", "sys/fs/cgroup/memory/a/memory.limit_in_bytes", "268435456\n", "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712"), Demand{}, 0, []found{{OK, "268 MB", ""}}},
		"the service's": {machine("max", "sys/fs/cgroup/system.slice/inkling.service/memory.max", "20971520"), Demand{Service: true}, 0, []found{{Fail, "the limit is 20 MB", "systemctl set-property inkling.service MemoryMax"}}},
		"GOMEMLIMIT":    {machine("268435456"), Demand{}, 300 * mb, []found{{OK, "", ""}, {Warn, "GOMEMLIMIT is 314 MB", "GOMEMLIMIT=192MiB"}}},
		"ended":         {machine("max", "sys/fs/cgroup/user.slice/run.scope/memory.events", "oom 3\noom_kill 2\n"), Demand{}, 0, []found{fine, {Warn, "ended 2 processes", "journalctl -k"}}},
		"few files":     {machine("max", "proc/self/limits", "Limit  Soft  Hard\nMax open files            64                   64                   files\n"), Demand{}, 0, []found{fine, {Warn, "64 files", "ulimit -n"}}},
		"files":         {machine("max", "proc/self/limits", "Max open files            unlimited            unlimited            files\n"), Demand{}, 0, []found{fine}},
		"full": {files("proc/meminfo", "MemTotal: 4000000 kB\nMemAvailable: 100000 kB\n", "proc/self/status", "VmRSS: 20000 kB\n"), Demand{}, 0,
			[]found{{Warn, "only 102 MB of 4.1 GB", "ps -eo"}}},
	} {
		m := &Machine{Files: c.files, OS: "linux", Limit: c.limit}
		check(t, name, m.Memory(c.of), c.want...)
	}
}

func TestCards(t *testing.T) {
	usb := Card{Name: "USB PnP: USB Audio (hw:1,0)", Path: "/dev/snd/pcmC1D0c", Channels: 2, Low: 8000, High: 48000, Default: true}
	with := func(err error) []Card { c := usb; c.Err = err; return []Card{c} }
	narrow, wide := usb, usb
	wide.High = 192000
	narrow.High = 16000
	groups := files("etc/group", "root:x:0:\naudio:x:29:pulse,ann\n")
	taken := func(name string) fs.FS {
		return files("proc/asound/card1/pcm0c/sub0/status", "state: RUNNING\nowner_pid   : 710\n", "proc/710/status", "Name:\tx\nTgid:\t700\n", "proc/700/comm", name+"\n")
	}
	mic := Listener{Rate: 16000, Channels: 1}
	for name, c := range map[string]struct {
		files fs.FS
		user  User
		cards []Card
		err   error
		by    []Listener
		want  found
	}{
		"none, none wanted": {files(), User{}, nil, nil, nil, found{Warn, "lists no device", "modprobe"}},
		"none":              {files(), User{}, nil, nil, []Listener{mic}, found{Fail, "lists no device", "modprobe"}},
		"no sound":          {files(), User{}, nil, errors.New("no PortAudio"), []Listener{mic}, found{Fail, "no PortAudio", "inkling devices"}},
		"can":               {files(), User{}, []Card{usb}, nil, nil, found{OK, "8000 to 48000 Hz, up to 2 channels", ""}},
		"resampled":         {files(), User{}, []Card{usb}, nil, []Listener{mic}, found{OK, "48000 Hz, resampled to the model's 16000", ""}},
		"by name":           {files(), User{}, []Card{usb}, nil, []Listener{{Device: "pnp", Rate: 48000, Channels: 1}}, found{OK, "48000 Hz, the model's", ""}},
		"no such":           {files(), User{}, []Card{usb}, nil, []Listener{{Device: "bird", By: "room"}}, found{Fail, `pipeline room: no microphone is called "bird"`, "inkling devices"}},
		"too slow":          {files(), User{}, []Card{narrow}, nil, []Listener{{Rate: 44100, Channels: 1}}, found{Warn, "misses what is above 8000 Hz", "inkling train DATA --rate 16000"}},
		"can more":          {files(), User{}, []Card{wide}, nil, []Listener{{Rate: 96000, Channels: 1}}, found{Warn, "misses what is above 24000 Hz", "Options.Rate 96000"}},
		"asked too low":     {files(), User{}, []Card{usb}, nil, []Listener{{Rate: 44100, Channels: 1, Asked: 8000}}, found{Warn, "8000 Hz are asked for", "Options.Rate 48000"}},
		"out of range":      {files(), User{}, []Card{usb}, nil, []Listener{{Rate: 16000, Channels: 1, Asked: 96000}}, found{Fail, "96000 Hz are asked for", "Options.Rate 48000"}},
		"not a member":      {groups, User{Name: "bob"}, with(fs.ErrPermission), nil, []Listener{mic}, found{Fail, "bob may not open /dev/snd/pcmC1D0c", "sudo usermod -aG audio bob"}},
		"a new member":      {groups, User{Name: "ann"}, with(fs.ErrPermission), nil, []Listener{mic}, found{Fail, "ann may not open", "newgrp audio"}},
		"denied all the same": {groups, User{Name: "ann", Groups: []int{29}}, with(&os.PathError{Err: syscall.EACCES}), nil, nil,
			found{Warn, "ann may not open", "ls -l /dev/snd"}},
		"busy":         {taken("arecord"), User{}, with(syscall.EBUSY), nil, []Listener{mic}, found{Fail, "arecord has it (process 700)", "kill 700"}},
		"sound server": {taken("pipewire"), User{}, with(syscall.EBUSY), nil, []Listener{mic}, found{Fail, "sound server pipewire", "systemctl --user mask --now pipewire.socket"}},
		"somebody":     {files(), User{}, with(syscall.EBUSY), nil, []Listener{mic}, found{Fail, "another program", "fuser -v /dev/snd/pcmC1D0c"}},
		"broken":       {files(), User{}, with(syscall.ENODEV), nil, []Listener{mic}, found{Fail, "no such device", "dmesg"}},
	} {
		m := &Machine{Files: c.files, OS: "linux", User: c.user, Sound: func() ([]Card, error) { return c.cards, c.err }}
		all := m.Cards(c.by)
		if len(all) == 2 && all[0].Level == OK { // the card itself
			all = all[1:]
		}
		check(t, name, all, c.want)
	}
	m := &Machine{Files: taken("inkling"), OS: "linux", Sound: func() ([]Card, error) { return with(syscall.EBUSY), nil }}
	check(t, "its own", m.Cards([]Listener{mic}), found{OK, "inkling (process 700) records from it", ""}, found{OK, "48000 Hz", ""})
	m.Sound = func() ([]Card, error) { return []Card{usb}, nil }
	check(t, "channels", m.Cards([]Listener{{Rate: 48000, Channels: 2}}), found{OK, "up to 2 channels", ""}, found{Fail, "the model takes 2 channels", "Options.Channels 2"}, found{OK, "48000", ""})
	check(t, "too many", m.Cards([]Listener{{Rate: 48000, Channels: 3, AskedFor: 3}}), found{OK, "up to 2 channels", ""}, found{Fail, "has 2 channels, and 3", "Options.Channels 2"}, found{OK, "48000", ""})
}

// A fakeDisk knows one folder.
type fakeDisk struct {
	dir   string
	space Space
	took  time.Duration
	err   error
}

func (d fakeDisk) Space(dir string) (Space, error) {
	if dir != d.dir {
		return Space{}, fs.ErrNotExist
	}
	return d.space, nil
}

func (d fakeDisk) Write(string) (time.Duration, error) { return d.took, d.err }

func TestFolder(t *testing.T) {
	const gb = int64(1e9)
	mounts := files("proc/self/mounts", "/dev/root / ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n/dev/sda1 /mnt/my\\040disk ext4 ro 0 0\n")
	roomy := Space{10 * gb, 30 * gb, 1e6}
	for name, c := range map[string]struct {
		disk fakeDisk
		f    Folder
		want []found
	}{
		"fine":      {fakeDisk{"/var/x", roomy, time.Millisecond, nil}, Folder{Path: "/var/x", For: "state"}, []found{{OK, "10 GB of 30 GB free, 1ms", ""}}},
		"made":      {fakeDisk{"/var", roomy, 0, nil}, Folder{Path: "/var/a/b", For: "keep", Made: true, By: "room"}, []found{{OK, "pipeline room: /var/a/b (keep)", ""}}},
		"missing":   {fakeDisk{"/var", roomy, 0, nil}, Folder{Path: "/var/a", For: "state"}, []found{{Fail, "not there", "mkdir -p /var/a"}}},
		"read-only": {fakeDisk{"/mnt/my disk/x", roomy, 0, &os.PathError{Err: syscall.EROFS}}, Folder{Path: "/mnt/my disk/x", For: "keep"}, []found{{Fail, "/mnt/my disk is read-only", "remount,rw /mnt/my disk"}}},
		"full":      {fakeDisk{"/x", Space{0, gb, 9999}, 0, &os.PathError{Err: syscall.ENOSPC}}, Folder{Path: "/x", For: "keep"}, []found{{Fail, "the disk is full", "journalctl --vacuum-size"}}},
		"nearly":    {fakeDisk{"/x", Space{50e6, gb, 9999}, 0, nil}, Folder{Path: "/x", For: "keep"}, []found{{Warn, "only 50 MB of 1.0 GB", "vacuum-size"}}},
		"denied":    {fakeDisk{"/x", roomy, 0, &os.PathError{Err: syscall.EACCES}}, Folder{Path: "/x", For: "keep"}, []found{{Fail, "ann may not write", "sudo chown ann /x"}}},
		"broken":    {fakeDisk{"/x", roomy, 0, syscall.EIO}, Folder{Path: "/x", For: "keep"}, []found{{Fail, "input/output error", "dmesg"}}},
		"inodes":    {fakeDisk{"/x", Space{gb, 2 * gb, 3}, 0, nil}, Folder{Path: "/x", For: "keep"}, []found{{Fail, "only 3 more files", "--inodes"}}},
		"state":     {fakeDisk{"/run", roomy, 0, nil}, Folder{Path: "/run", File: "s.json", For: "state"}, []found{{Warn, "gone after a restart", `state = "/var/lib/inkling/s.json"`}}},
		"events":    {fakeDisk{"/run", roomy, 0, nil}, Folder{Path: "/run", File: "e.jsonl", For: "to"}, []found{{Warn, "gone after a restart", `to = "file:/var/lib/inkling/e.jsonl"`}}},
		"tmpfs":     {fakeDisk{"/run/x", roomy, 0, nil}, Folder{Path: "/run/x", For: "spill"}, []found{{Warn, "gone after a restart", `spill = "/var/lib/inkling/x"`}}},
		"too much":  {fakeDisk{"/x", roomy, 0, nil}, Folder{Path: "/x", For: "spill", Most: 20 * gb, Key: "spill-max"}, []found{{Warn, "may take 20 GB", `spill-max = "5000MB"`}}},
		"slow":      {fakeDisk{"/x", roomy, 700 * time.Millisecond, nil}, Folder{Path: "/x", For: "state"}, []found{{Warn, "takes 700ms", "save-every"}}},
	} {
		m := &Machine{Files: mounts, Disk: c.disk, User: User{Name: "ann"}}
		check(t, name, m.Folder(c.f), c.want...)
	}
}

// The real machine gives findings, whatever they are, and leaves nothing behind.
func TestThis(t *testing.T) {
	m := This()
	m.Kernel, m.Kernels = "generic", []string{"generic"}
	dir := t.TempDir()
	for name, all := range map[string][]Finding{"time": m.Time(m.Clock()), "memory": m.Memory(Demand{}), "heat": m.Heat(), "kernel": {m.Vectors()}, "disk": m.Folder(Folder{Path: dir, For: "state"})} {
		if len(all) == 0 || all[0].Text == "" {
			t.Errorf("%s: %v", name, all)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if Worst([]Finding{{Level: OK}, {Level: Fail}, {Level: Warn}}) != Fail || Worst([]Finding{{Level: Warn}, {Level: OK}}) != Warn || Worst(nil) != OK {
		t.Error("Worst is wrong")
	}
}
