// Package present says what a window, a terminal and a loudspeaker must offer
// to show what others send.
package present

import "paravent/media/frame"

// A VideoSink shows pictures. Show borrows p until it returns, must not block,
// and may leave p out when it is late.
type VideoSink interface{ Show(p *frame.Picture) }

// An AudioSource gives sound when a loudspeaker has room for it, so that the
// loudspeaker's clock rules. Pull overwrites all of out; with nothing to say, by
// silence. Real-time: it must not block or allocate.
type AudioSource interface{ Pull(out *frame.Block) }
