package call

import (
	"time"

	"paravent/media/sfu"
	"paravent/privacy/seal"
)

// Stats are the counters of a call.
type Stats struct {
	Session sfu.Stats
	Shown   map[sfu.TrackID]uint64 // pictures decoded and shown
	Heard   map[sfu.TrackID]Heard

	// Opened counts what came encrypted from end to end, and Unsent is how many own
	// frames could not be encrypted and were not sent.
	Opened map[sfu.TrackID]seal.Counts
	Unsent uint64

	// FirstPicture is how long after New the first picture of another was
	// decoded; 0 while there was none.
	FirstPicture time.Duration
}

// Heard counts what was played of one track.
type Heard struct {
	Played, Concealed uint64        // blocks of 10 ms
	Delay             time.Duration // from arrival to the loudspeaker
}
