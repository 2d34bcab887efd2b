package mp3

// A Header is the four bytes that begin a frame (ISO/IEC 11172-3, 2.4.1.3).
type Header uint32

// HeaderSize is the number of bytes of a Header.
const HeaderSize = 4

// Valid reports whether h can begin a frame of layer III.
func (h Header) Valid() bool {
	return h>>21 == 0x7FF && h>>19&3 != 1 && h>>17&3 == 1 && h>>12&15 != 15 && h>>10&3 != 3 && h&3 != 2
}

// Kind returns the bits that are equal in all frames of a file: sync, version, layer, rate,
// and whether there is one channel or two.
func (h Header) Kind() Header {
	k := h & 0xFFFE0C00
	if h.Channels() == 1 {
		k |= 1
	}
	return k
}

// FreeRate reports whether the frame's size does not follow from its header.
func (h Header) FreeRate() bool { return h>>12&15 == 0 }

// Channels returns 1 or 2.
func (h Header) Channels() int {
	if h>>6&3 == 3 {
		return 1
	}
	return 2
}

// Low reports whether the frame is one of MPEG-2 or 2.5: of a low sampling frequency.
func (h Header) Low() bool { return h>>19&3 != 3 }

// Protected reports whether a checksum of two bytes follows the header.
func (h Header) Protected() bool { return h>>16&1 == 0 }

// Rate returns the sampling rate.
func (h Header) Rate() int {
	rate := [3]int{44100, 48000, 32000}[h>>10&3]
	switch h >> 19 & 3 {
	case 2:
		return rate / 2
	case 0:
		return rate / 4
	}
	return rate
}

// bands returns the index of the frame's bandTable.
func (h Header) bands() int {
	return [4]int{6, 0, 3, 0}[h>>19&3] + int(h>>10&3)
}

var bitrates = [2][15]int{ // kbit/s
	{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
}

// Bitrate returns kbit/s; 0: a free rate.
func (h Header) Bitrate() int {
	if h.Low() {
		return bitrates[1][h>>12&15]
	}
	return bitrates[0][h>>12&15]
}

// Size returns the number of bytes of the frame, unless the rate is free.
func (h Header) Size() int {
	padding := int(h >> 9 & 1)
	if h.Low() {
		return 72000*h.Bitrate()/h.Rate() + padding
	}
	return 144000*h.Bitrate()/h.Rate() + padding
}

// Samples returns the number of samples per channel in a frame.
func (h Header) Samples() int {
	if h.Low() {
		return lines
	}
	return 2 * lines
}

// SideSize returns the number of bytes between the header, with its checksum, and the main
// data.
func (h Header) SideSize() int {
	switch {
	case h.Low() && h.Channels() == 1:
		return 9
	case h.Low() || h.Channels() == 1:
		return 17
	}
	return 32
}

// midSide and intensity report how the two channels are joined.
func (h Header) midSide() bool   { return h>>6&3 == 1 && h>>5&1 == 1 }
func (h Header) intensity() bool { return h>>6&3 == 1 && h>>4&1 == 1 }
