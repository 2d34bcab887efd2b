package doctor

import (
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"
)

// A Demand is what a configuration may take of the memory.
type Demand struct {
	Waiting int64 // bytes of signals and events that may wait, beside the models
	Service bool  // the service's limit counts too, if it has one
}

// service is the group of the service that packages install.
const service = "system.slice/inkling.service"

// Memory looks at the memory and at the limit on it. The program has loaded its models.
func (m *Machine) Memory(d Demand) (all []Finding) {
	const check = "memory"
	info := m.read("proc/meminfo")
	total, known := kilobytes(info, "MemTotal")
	free, _ := kilobytes(info, "MemAvailable")
	own, _ := kilobytes(m.read("proc/self/status"), "VmRSS")
	if !known {
		return []Finding{ok(check, "this system does not say what it has")}
	}
	limit, of := m.group(d.Service)
	need := own + d.Waiting
	about := fmt.Sprintf("%s of %s are free, this program takes %s", size(free), size(total), size(own))
	if limit < math.MaxInt64 {
		about += fmt.Sprintf(", the limit is %s", size(limit))
	}
	switch {
	case own >= limit-limit/8:
		all = append(all, fail(check, raise(of, 2*own), "this program takes %s with its models alone, and the limit is %s: the kernel ends it", size(own), size(limit)))
	case need > limit:
		all = append(all, warn(check, fmt.Sprintf("RunOptions.Memory %dMB, or %s", max((limit-own)*3/4>>20, 1), raise(of, need*5/4)),
			"with what may wait it takes up to %s, and the limit is %s: the kernel may end it in an outage or a flood", size(need), size(limit)))
	case free < own/2 || free < total/20:
		all = append(all, warn(check, "ps -eo rss,comm --sort=-rss | head", "only %s of %s are free: end what takes the most", size(free), size(total)))
	default:
		all = append(all, ok(check, "%s", about))
	}
	all[0] = all[0].with("free_bytes", float64(free), "program_bytes", float64(own))
	if m.Limit > 0 && m.Limit > limit {
		all = append(all, warn(check, fmt.Sprintf("GOMEMLIMIT=%dMiB", limit*3/4>>20), "GOMEMLIMIT is %s and the limit %s: set it below, so that memory is given back before", size(m.Limit), size(limit)))
	}
	if n := m.killed(); n > 0 {
		all = append(all, warn(check, "journalctl -k -g 'out of memory'", "the kernel has ended %d processes here because they took too much", n))
	}
	return append(all, m.files()...)
}

// raise returns the command that raises the limit of a group.
func raise(group string, to int64) string {
	if strings.HasSuffix(group, ".service") {
		return fmt.Sprintf("sudo systemctl set-property %s MemoryMax=%dM MemoryHigh=%dM", path.Base(group), to>>20, to*7/8>>20)
	}
	return fmt.Sprintf("raise the memory limit of the container or session to %d MB (docker run --memory %dm)", to>>20, to>>20)
}

// group returns the lowest memory limit of the groups that hold this process, and whose it
// is; math.MaxInt64 without one. With service that of the service counts too.
func (m *Machine) group(withService bool) (limit int64, of string) {
	limit = math.MaxInt64
	look := func(root, name, file string) {
		for p := path.Clean("/" + name); ; p = path.Dir(p) {
			if n, known := m.number(path.Join(root, p, file)); known && n < limit && n < 1<<60 { // version 1 writes a large number for none
				limit, of = n, p
			}
			if p == "/" {
				return
			}
		}
	}
	for line := range strings.Lines(m.read("proc/self/cgroup")) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(parts) < 3:
		case parts[1] == "":
			look("sys/fs/cgroup", parts[2], "memory.max")
		case parts[1] == "memory":
			look("sys/fs/cgroup/memory", parts[2], "memory.limit_in_bytes")
		}
	}
	if withService {
		look("sys/fs/cgroup", service, "memory.max")
	}
	return limit, of
}

// killed returns how many processes of this group the kernel has ended for their memory.
func (m *Machine) killed() (n int64) {
	for line := range strings.Lines(m.read("proc/self/cgroup")) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok && name != "/" {
			for event := range strings.Lines(m.read(path.Join("sys/fs/cgroup", name, "memory.events"))) {
				if count, ok := strings.CutPrefix(strings.TrimSpace(event), "oom_kill "); ok {
					n, _ = strconv.ParseInt(count, 10, 64)
				}
			}
		}
	}
	return n
}

// leastFiles is how many open files a service of a few pipelines may need.
const leastFiles = 256

func (m *Machine) files() []Finding {
	for line := range strings.Lines(m.read("proc/self/limits")) {
		rest, ok := strings.CutPrefix(line, "Max open files")
		if !ok {
			continue
		}
		if n, err := strconv.Atoi(strings.Fields(rest + " -")[0]); err == nil && n < leastFiles {
			return []Finding{warn("memory", "ulimit -n 4096", "only %d files may be open at once: connections, sources and sinks take some each", n)}
		}
	}
	return nil
}
