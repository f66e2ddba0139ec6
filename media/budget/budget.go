// Package budget divides what a link may carry: speech first, then pictures. It is
// pure, and counts what is on the wire, so with the headers of IP, UDP, SRTP and RTP.
//
//	limit and what seems to be carried ─► Divide ─► sound: bitrate, length of packets
//	                                              ─► screen, camera: bitrate, or off
//
// 2026-11: the header of a packet of speech is as large as what is said in 50 ms. So
// a thin link gets longer packets before it gets coarser speech (60 ms of Opus at 8.5
// kbit/s are 17 kbit/s on the wire; 20 ms are 34), and never less than wideband.
// Packets of one size, because sizes that follow the voice betray what is said even
// when it is encrypted (RFC 6562, section 3).
package budget

import "time"

// A Limit bounds what goes over the wire in each direction, headers included, in bits
// per second; 0 is no bound.
type Limit struct{ Up, Down int }

// None reports whether nothing is bounded.
func (l Limit) None() bool { return l == Limit{} }

// Stricter returns the lower of both bounds in each direction.
func (l Limit) Stricter(m Limit) Limit {
	return Limit{Up: lower(l.Up, m.Up), Down: lower(l.Down, m.Down)}
}

// lower returns the lower of two bounds, of which 0 is none.
func lower(a, b int) int {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// The headers of a packet in bytes: RFC 791 and 768; RFC 8200; RFC 3550 with the one
// extension of RFC 8285 that says whether somebody speaks; the tag of RFC 7714.
const (
	DirectIPv4 = 20 + 8 + rtpHeader
	DirectIPv6 = 40 + 8 + rtpHeader
	// Relayed is through TURN over TLS: TCP in place of UDP with its time stamps, a
	// record of TLS 1.3 (RFC 8446, section 5.2), a channel's header (RFC 8656, section 12.4).
	Relayed = 20 + 32 + 22 + 4 + rtpHeader

	rtpHeader = 12 + 8 + 16
)

// A Need is what a way up is to carry.
type Need struct {
	Limit   int // bits per second; 0 is no bound
	Carried int // bits per second that the way seems to carry; 0 is not known
	Header  int // bytes around each packet of Opus; 0 is DirectIPv4
	Sealed  int // bytes that encryption from end to end adds to each

	Camera, Screen bool // are to be sent
}

// A Sound is how speech is coded.
type Sound struct {
	Bitrate   int           // bits per second, without headers
	PacketFor time.Duration // how much is in a packet
	Constant  bool          // every packet is of one size
}

// Wire is what s takes on the wire while somebody speaks, in bits per second, with so
// many bytes around each packet.
func (s Sound) Wire(header int) int {
	return s.Bitrate + int(int64(header)*8*int64(time.Second)/int64(s.PacketFor))
}

// A Plan is how a way up is divided, in bits per second.
type Plan struct {
	Sound  Sound
	Speech int // that the sound takes on the wire
	Kept   int // for reports, checks of the way, and signalling
	Camera int // of the encoded pictures; 0 is off
	Screen int

	// Short says that not even the speech fits.
	Short bool
}

// speech is how speech may be coded, the best first. All of it is wideband.
func speech() []Sound {
	const ms = time.Millisecond
	return []Sound{
		{32_000, 20 * ms, false},
		{24_000, 20 * ms, true},
		{24_000, 40 * ms, true},
		{20_000, 40 * ms, true},
		{16_000, 40 * ms, true},
		{16_000, 60 * ms, true},
		{12_000, 60 * ms, true},
		{10_000, 60 * ms, true},
		{8_500, 60 * ms, true},
		{8_000, 120 * ms, false},
		{6_000, 120 * ms, false},
	}
}

const (
	// LeastPicture is the bitrate below which pictures are worth nothing.
	LeastPicture = 20_000
	// again is by how much there must be more than that before pictures come back, in
	// percent of it.
	again = 150
	// pictureShare is how much of what pictures take on the wire is picture, in percent.
	pictureShare = 85
	// screenShare is the screen's part where there are both, in percent: what is shown
	// to be read comes before faces.
	screenShare = 70
	// speechShare is what speech takes at most where there are pictures, in percent, if
	// that is at least goodSpeech.
	speechShare = 40
	goodSpeech  = 22_000

	leastKept, mostKept = 2_000, 8_000
)

// Divide returns how a way up is divided, after it was divided as was: pictures that
// went off come back only when there is clearly room for them.
func Divide(n Need, was Plan) Plan {
	all := speech()
	room := lower(n.Limit, n.Carried)
	header := n.Header
	if header == 0 {
		header = DirectIPv4
	}
	header += n.Sealed
	if room == 0 {
		return Plan{Sound: all[0], Speech: all[0].Wire(header), Camera: unbounded(n.Camera), Screen: unbounded(n.Screen)}
	}
	p := Plan{Kept: min(max(room/4, leastKept), mostKept)}
	left := room - p.Kept
	most := left
	if n.Camera || n.Screen {
		most = min(left, max(left*speechShare/100, goodSpeech))
	}
	p.Short = true
	for _, p.Sound = range all {
		if p.Speech = p.Sound.Wire(header); p.Speech <= most {
			p.Short = false
			break
		}
	}
	left = max(left-p.Speech, 0) * pictureShare / 100
	switch {
	case n.Camera && n.Screen:
		p.Screen = shown(left*screenShare/100, was.Screen)
		p.Camera = shown(left-p.Screen, was.Camera)
		if p.Screen == 0 || p.Camera == 0 {
			p.Screen, p.Camera = shown(left, was.Screen), 0
		}
	case n.Screen:
		p.Screen = shown(left, was.Screen)
	case n.Camera:
		p.Camera = shown(left, was.Camera)
	}
	return p
}

// Most is the bitrate of pictures that nothing bounds.
const Most = 1 << 30

func unbounded(on bool) int {
	if on {
		return Most
	}
	return 0
}

// shown is what pictures get of so much: nothing if that is too little.
func shown(bitrate, was int) int {
	least := LeastPicture
	if was == 0 {
		least = least * again / 100
	}
	if bitrate < least {
		return 0
	}
	return bitrate
}

// Shares is what speech, and all pictures together, may take on the wire within a limit,
// in bits per second. Without a limit they are 0.
func Shares(up int) (speech, pictures int) {
	if up == 0 {
		return 0, 0
	}
	p := Divide(Need{Limit: up, Camera: true}, Plan{})
	return p.Speech, max(up-p.Kept-p.Speech, LeastPicture/2)
}

// Watched is how many bits per second of pictures of others may be asked for, where
// so many voices are heard; 0 is none at all, and without a bound it is Most. A voice
// is taken to need as much as ours would.
func Watched(down, voices int) int {
	if down == 0 {
		return Most
	}
	p := Divide(Need{Limit: down, Camera: true}, Plan{})
	left := (down - p.Kept - max(voices, 1)*p.Speech) * pictureShare / 100
	if left < LeastPicture {
		return 0
	}
	return left
}
