//go:build !amd64 || purego

package f32

func peak(int) int { return 0 }
