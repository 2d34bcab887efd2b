package f32

// Panel is the number of columns that a Matrix keeps together, and group the
// number of units whose gates' sums lie together.
const (
	Panel = 16
	group = 8
)

// Panels returns how many panels n columns take.
func Panels(n int) int { return (n + Panel - 1) / Panel }

// Padded returns the columns of n rounded up to whole panels.
func Padded(n int) int { return Panels(n) * Panel }

// GateColumn is the column of a gate's sum (0…3: i, f, g, o) of unit j in a row
// of sums of n units. Eight units lie together, i of all eight, then f, g, o; the
// last n mod 8 units likewise. A kernel so has the four gates of a unit at once.
func GateColumn(n, gate, j int) int {
	g := j / group
	width := min(group, n-g*group)
	return g*4*group + gate*width + j%group
}

// GateStride is the length of a row of sums of n units: padded to whole panels,
// and to an odd number of cache lines, so that walking down a column does not
// fall on few sets of the cache.
func GateStride(n int) int {
	return (Panels(4*n) | 1) * Panel
}
