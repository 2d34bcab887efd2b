package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// A Card is a device that records.
type Card struct {
	Name      string
	Path      string  // its file, such as /dev/snd/pcmC1D0c; "" if a sound server has it
	Channels  int     // at most; 0: unknown
	Low, High float64 // the sampling rates that it can have, in Hz; 0: unknown
	Err       error   // why it could not be opened
	Default   bool
}

// A Listener is what is to read a microphone.
type Listener struct {
	Device   string  // the name of the device, or a part of it; "": the default
	Rate     float64 // of the model, in Hz; 0: it has none
	Channels int     // of the model
	Asked    float64 // the rate that is asked for; 0: the device's
	AskedFor int     // the channels that are asked for; 0: one
	By       string  // the pipeline's name; "": there is one alone
}

// Cards looks at the devices that record, and at what is to read them. Without a listener it
// is no failure that there is none.
func (m *Machine) Cards(listeners []Listener) (all []Finding) {
	const check = "device"
	cards, err := m.Sound()
	none := fail
	if len(listeners) == 0 {
		none = warn
	}
	switch {
	case err != nil:
		return []Finding{none(check, "inkling devices", "%v", err)}
	case len(cards) == 0 && m.OS == "linux":
		return []Finding{none(check, "lsusb; sudo modprobe snd-usb-audio", "the kernel lists no device that records: plug one in, or load its driver")}
	case len(cards) == 0:
		return []Finding{none(check, "inkling devices", "there is no device that records: plug one in")}
	}
	read := map[int]bool{}
	for _, l := range listeners {
		i := find(cards, l.Device)
		if i < 0 {
			var names []string
			for _, c := range cards {
				names = append(names, strconv.Quote(c.Name))
			}
			all = append(all, fail(check, "inkling devices", "%sno microphone is called %q: there are %s", by(l.By), l.Device, strings.Join(names, ", ")))
			continue
		}
		if !read[i] {
			read[i] = true
			f := m.card(&cards[i], true)
			if all = append(all, f); f.Level != OK {
				continue
			}
		}
		all = append(all, l.fits(&cards[i])...)
	}
	for i := range cards {
		if len(listeners) == 0 {
			all = append(all, m.card(&cards[i], false))
		}
	}
	return all
}

func by(name string) string {
	if name == "" {
		return ""
	}
	return "pipeline " + name + ": "
}

// find returns the card that a name means, as opening it does; -1: none.
func find(cards []Card, name string) int {
	if name == "" {
		return max(slices.IndexFunc(cards, func(c Card) bool { return c.Default }), 0)
	}
	if i := slices.IndexFunc(cards, func(c Card) bool { return c.Name == name }); i >= 0 {
		return i
	}
	return slices.IndexFunc(cards, func(c Card) bool { return strings.Contains(strings.ToLower(c.Name), strings.ToLower(name)) })
}

// card says whether a card can be opened.
func (m *Machine) card(c *Card, wanted bool) Finding {
	const check = "device"
	bad := warn
	if wanted {
		bad = fail
	}
	switch {
	case c.Err == nil:
		return ok(check, "%s: %s", c.Name, c.can())
	case errors.Is(c.Err, fs.ErrPermission):
		return bad(check, m.join("audio"), "%s: %s may not open %s", c.Name, m.User.Name, c.Path)
	case errors.Is(c.Err, syscall.EBUSY):
		program, id := m.owner(c)
		switch {
		case program == "inkling":
			return ok(check, "%s: inkling (process %d) records from it", c.Name, id)
		case program == "":
			return bad(check, "sudo fuser -v "+c.Path, "%s: another program has it", c.Name)
		case program == "pipewire" || program == "wireplumber" || program == "pulseaudio":
			return bad(check, "systemctl --user mask --now "+units(program), "%s: the sound server %s has it: end that, or use a build with -tags portaudio, which records through it", c.Name, program)
		}
		return bad(check, fmt.Sprintf("kill %d", id), "%s: %s has it (process %d): end that", c.Name, program, id)
	}
	return bad(check, "sudo dmesg | grep -iE 'snd|usb' | tail", "%s: %v", c.Name, c.Err)
}

// units returns those of a sound server.
func units(server string) string {
	if server == "pulseaudio" {
		return "pulseaudio.socket pulseaudio.service"
	}
	return "pipewire.socket pipewire.service wireplumber.service"
}

func (c *Card) can() string {
	text := "it can be opened"
	switch {
	case c.Low > 0 && c.Low < c.High:
		text = fmt.Sprintf("%.0f to %.0f Hz", c.Low, c.High)
	case c.High > 0:
		text = fmt.Sprintf("%.0f Hz", c.High)
	}
	switch {
	case c.Channels == 1:
		text += ", one channel"
	case c.Channels > 1:
		text += fmt.Sprintf(", up to %d channels", c.Channels)
	}
	return text
}

// owner returns who has a card open: what the kernel says of it.
func (m *Machine) owner(c *Card) (program string, id int) {
	card, number, found := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(path.Base(c.Path), "c"), "pcmC"), "D")
	if !found {
		return "", 0
	}
	for _, status := range m.glob(fmt.Sprintf("proc/asound/card%s/pcm%sc/sub*/status", card, number)) {
		if id, err := strconv.Atoi(field(m.read(status), "owner_pid")); err == nil {
			// a thread's, whose process has the name of the program
			process := field(m.read(fmt.Sprintf("proc/%d/status", id)), "Tgid")
			if n, err := strconv.Atoi(process); err == nil {
				id = n
			}
			return m.read(fmt.Sprintf("proc/%d/comm", id)), id
		}
	}
	return "", 0
}

// join returns the command that makes the user a member of a group.
func (m *Machine) join(group string) string {
	for line := range strings.Lines(m.read("etc/group")) {
		parts := strings.Split(strings.TrimSpace(line), ":")
		if len(parts) < 4 || parts[0] != group {
			continue
		}
		id, _ := strconv.Atoi(parts[2])
		switch {
		case slices.Contains(m.User.Groups, id):
			return "ls -l /dev/snd" // a member all the same
		case slices.Contains(strings.Split(parts[3], ","), m.User.Name):
			return "newgrp " + group + ", or log out and in: the membership is newer than this session"
		}
	}
	return fmt.Sprintf("sudo usermod -aG %s %s, then log out and in", group, m.User.Name)
}

// fits compares a listener with the card that it is to read.
func (l *Listener) fits(c *Card) (all []Finding) {
	const check = "rate"
	got := l.Asked
	if got == 0 {
		got = min(max(48000, c.Low), c.High)
	}
	channels := max(l.AskedFor, 1)
	switch {
	case c.Channels > 0 && channels > c.Channels:
		all = append(all, fail("device", fmt.Sprintf("Options.Channels %d", c.Channels), "%s%s has %d channels, and %d are asked for", by(l.By), c.Name, c.Channels, channels))
	case l.Channels > 0 && l.Channels != channels:
		all = append(all, fail("device", fmt.Sprintf("Options.Channels %d", l.Channels), "%sthe model takes %d channels, and the microphone is to give %d", by(l.By), l.Channels, channels))
	}
	switch {
	case c.High == 0 || l.Rate == 0:
		all = append(all, ok(check, "%s%s: the rate shows when it records", by(l.By), c.Name))
	case l.Asked > 0 && (l.Asked < c.Low || l.Asked > c.High):
		all = append(all, fail(check, fmt.Sprintf("Options.Rate %.0f", min(max(l.Asked, c.Low), c.High)), "%s%s records at %.0f to %.0f Hz, and %.0f Hz are asked for", by(l.By), c.Name, c.Low, c.High, l.Asked))
	case got < 0.99*l.Rate && c.High >= l.Rate:
		all = append(all, warn(check, fmt.Sprintf("Options.Rate %.0f", min(max(48000, c.Low, l.Rate), c.High)), "%s%.0f Hz are asked for, and the model has learned from %.0f Hz: it misses what is above %.0f Hz", by(l.By), got, l.Rate, got/2))
	case got < 0.99*l.Rate:
		all = append(all, warn(check, fmt.Sprintf("inkling train DATA --rate %.0f -o MODEL", got), "%s%s records at %.0f Hz at most, and the model has learned from %.0f Hz: it misses what is above %.0f Hz; train at the rate of the device",
			by(l.By), c.Name, got, l.Rate, got/2))
	case got == l.Rate:
		all = append(all, ok(check, "%s%.0f Hz, the model's", by(l.By), got))
	default:
		all = append(all, ok(check, "%s%.0f Hz, resampled to the model's %.0f", by(l.By), got, l.Rate))
	}
	return all
}
