package disk

import "syscall"

var illnesses = []error{
	syscall.Errno(112),  // ERROR_DISK_FULL
	syscall.Errno(19),   // ERROR_WRITE_PROTECT
	syscall.Errno(1117), // ERROR_IO_DEVICE
}
