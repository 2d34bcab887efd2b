package doctor

import (
	"fmt"
	"time"
)

// A Reading is what the clocks of a machine say at one time.
type Reading struct {
	Wall    time.Time     // the time of day
	Running time.Duration // of a clock that nobody sets and that stops while the machine sleeps
	Asleep  time.Duration // how long the machine has slept since its start; 0 also if unknown
	Synced  bool          // the time of day is held by NTP
	Known   bool          // the system says whether it is
}

// mostJump is how far the time of day may move by itself while the checks run.
const mostJump = 100 * time.Millisecond

// Time looks at the clock. began is a reading of some time before, between which and now
// jumps are seen.
func (m *Machine) Time(began Reading) (all []Finding) {
	const check = "clock"
	now := m.Clock()
	jump := now.Wall.Sub(began.Wall) - (now.Running - began.Running)
	ntp := m.ntp()
	switch {
	case now.Wall.Before(m.Built):
		all = append(all, fail(check, ntp, "it says %s, and this program was built on %s: it has lost the time, and what it times is wrong",
			now.Wall.UTC().Format(time.DateOnly), m.Built.UTC().Format(time.DateOnly)))
	case now.Known && !now.Synced:
		all = append(all, warn(check, ntp, "NTP does not hold it: the times of events are wrong by an unknown amount"))
	case now.Known:
		all = append(all, ok(check, "held by NTP"))
	default:
		all = append(all, ok(check, "%s; the system does not say whether NTP holds it", now.Wall.UTC().Format(time.DateTime)+" UTC"))
	}
	if jump > mostJump || jump < -mostJump {
		all = append(all, warn(check, "journalctl -b -g 'time|clock'", "the time of day was moved by %+.1f s while this program ran: see what sets it", jump.Seconds()).with("jump_s", jump.Seconds()))
	}
	if now.Asleep > time.Second {
		all = append(all, warn(check, "sudo systemctl mask sleep.target suspend.target hibernate.target",
			"this machine has slept for %s since its start, and hears nothing meanwhile", now.Asleep.Round(time.Second)).with("asleep_s", now.Asleep.Seconds()))
	}
	return append(all, m.battery()...)
}

// ntp returns the command that has NTP hold the clock, with what is installed here.
func (m *Machine) ntp() string {
	if m.exists("usr/sbin/chronyd") || m.exists("usr/bin/chronyd") {
		return "sudo systemctl enable --now chrony && sudo chronyc makestep"
	}
	if m.exists("usr/sbin/ntpd") {
		return "sudo systemctl enable --now ntpsec"
	}
	if m.exists("usr/lib/systemd/systemd-timesyncd") || m.exists("lib/systemd/systemd-timesyncd") {
		return "sudo timedatectl set-ntp true"
	}
	return "sudo apt install systemd-timesyncd && sudo timedatectl set-ntp true"
}

// battery says if the time is lost with the power, and nothing waits until it is back.
func (m *Machine) battery() []Finding {
	const wait = "systemd-time-wait-sync.service"
	if m.OS != "linux" || !m.exists("sys/class") || m.exists("sys/class/rtc/rtc0") || !m.exists("run/systemd/system") ||
		m.exists("etc/systemd/system/sysinit.target.wants/"+wait) {
		return nil
	}
	return []Finding{warn("clock", fmt.Sprintf("sudo systemctl enable %s", wait),
		"no battery keeps the time while the power is away, and the service does not wait for NTP: the times of its first events are wrong")}
}
