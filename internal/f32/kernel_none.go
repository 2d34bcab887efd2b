//go:build !amd64 || purego

package f32

// native has no kernels: the generic ones serve.
var native []kernel
