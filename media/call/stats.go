package call

import (
	"time"

	"paravent/media/sfu"
)

// Stats are the counters of a call.
type Stats struct {
	Session sfu.Stats
	Shown   map[sfu.TrackID]uint64 // pictures decoded and shown
	Heard   map[sfu.TrackID]Heard

	// FirstPicture is how long after New the first picture of another was
	// decoded; 0 while there was none.
	FirstPicture time.Duration
}

// Heard counts what was played of one track.
type Heard struct {
	Played, Concealed uint64        // blocks of 10 ms
	Delay             time.Duration // from arrival to the loudspeaker
}
