package doctor

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// hot is the temperature, in thousandths of a degree, above which processors without a limit
// of their own are near to being slowed down.
const hot = 80000

// Heat says whether the processor is slowed down: for heat, for too little power, or by its
// settings.
func (m *Machine) Heat() (all []Finding) {
	const check = "heat"
	warmest, zone := int64(0), ""
	for _, z := range m.glob("sys/class/thermal/thermal_zone*") {
		t, known := m.number(z + "/temp")
		if !known {
			continue
		}
		if t > warmest {
			warmest, zone = t, m.read(z+"/type")
		}
		if limit := m.limit(z); t >= limit {
			all = append(all, warn(check, "give it air or a heat sink; watch -n1 cat /"+z+"/temp",
				"%s is at %d °C, and the processor is slowed down from %d °C", m.read(z+"/type"), t/1000, limit/1000).with("celsius", float64(t)/1000))
		}
	}
	all = append(all, m.firmware()...)
	for _, c := range m.glob("sys/devices/system/cpu/cpu*/cpufreq") {
		can, known := m.number(c + "/cpuinfo_max_freq")
		may, also := m.number(c + "/scaling_max_freq")
		if known && also && may < can*95/100 {
			all = append(all, warn(check, "cat /"+c+"/cpuinfo_max_freq | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_max_freq",
				"the processor may run at %d MHz of its %d", may/1000, can/1000))
			break
		}
		if driver := m.read(c + "/scaling_driver"); m.read(c+"/scaling_governor") == "powersave" && !strings.Contains(driver, "pstate") {
			all = append(all, warn(check, "echo schedutil | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
				"the governor powersave holds the processor at its lowest clock"))
			break
		}
	}
	switch {
	case len(all) > 0:
	case zone != "":
		all = append(all, ok(check, "%s is at %d °C, nothing slows the processor down", zone, warmest/1000).with("celsius", float64(warmest)/1000))
	default:
		all = append(all, ok(check, "this system does not say how warm it is"))
	}
	return all
}

// limit returns the lowest temperature of a zone at which the processor is slowed down.
func (m *Machine) limit(zone string) int64 {
	least := int64(0)
	for _, kind := range m.glob(zone + "/trip_point_*_type") {
		switch m.read(kind) {
		case "passive", "hot", "critical":
			if t, known := m.number(strings.TrimSuffix(kind, "_type") + "_temp"); known && t > 0 && (least == 0 || t < least) {
				least = t
			}
		}
	}
	if least == 0 {
		return hot
	}
	return least
}

// firmware reads what the firmware of a Raspberry Pi says.
func (m *Machine) firmware() (all []Finding) {
	const check, supply = "heat", "use the power supply of the board and a short cable; vcgencmd get_throttled is 0x0 when all is well"
	for _, name := range m.glob("sys/devices/platform/soc*/*firmware/get_throttled") {
		bits, err := strconv.ParseUint(strings.TrimPrefix(m.read(name), "0x"), 16, 64)
		switch {
		case err != nil:
		case bits&1 != 0:
			all = append(all, warn(check, supply, "the supply voltage is too low now, and the processor is slowed down"))
		case bits&(1<<1|1<<2|1<<3) != 0:
			all = append(all, warn(check, "give it air or a heat sink; vcgencmd measure_temp", "the firmware slows the processor down for heat now"))
		case bits&(1<<16) != 0:
			all = append(all, warn(check, supply, "the supply voltage has been too low since the start"))
		case bits&(1<<17|1<<18|1<<19) != 0:
			all = append(all, warn(check, "give it air or a heat sink; vcgencmd measure_temp", "the firmware has slowed the processor down for heat since the start"))
		}
	}
	if len(all) > 0 {
		return all
	}
	for _, name := range m.glob("sys/class/hwmon/hwmon*/name") {
		if m.read(name) == "rpi_volt" && m.read(path.Dir(name)+"/in0_lcrit_alarm") == "1" {
			all = append(all, warn(check, supply, "the supply voltage is too low, and the processor is slowed down"))
		}
	}
	return all
}

func (m *Machine) glob(pattern string) []string {
	names, _ := fs.Glob(m.Files, pattern)
	return names
}
