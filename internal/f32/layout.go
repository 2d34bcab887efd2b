package f32

// Panel is the number of adjacent columns in a panel of a Matrix, and group the number
// of units whose sums are adjacent.
const (
	Panel = 16
	group = 8
)

// Panels returns the number of panels for n columns.
func Panels(n int) int { return (n + Panel - 1) / Panel }

// Padded returns n rounded up to whole panels.
func Padded(n int) int { return Panels(n) * Panel }

// GateColumn returns the column for a gate (0…3: i, f, g, o) of unit j in a row of sums
// of n units. Units are in groups of eight, with i of all eight first, then f, g and o;
// the last n mod 8 units form a smaller group. A kernel thus has all four gates of a
// unit at hand.
func GateColumn(n, gate, j int) int {
	g := j / group
	width := min(group, n-g*group)
	return g*4*group + gate*width + j%group
}

// GateStride returns the length of a row of sums of n units. It is padded to whole
// panels, and to an odd number of cache lines so that the values of a column use all
// sets of the cache.
func GateStride(n int) int {
	return (Panels(4*n) | 1) * Panel
}
