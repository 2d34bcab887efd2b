//go:build !windows

package disk

import "syscall"

var illnesses = []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO}
