//go:build amd64 && !purego

package f32

// native has no kernels yet
var native []kernel
