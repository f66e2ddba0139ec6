package galene

import (
	"slices"
	"strconv"
	"time"

	"paravent/media/codec"
	"paravent/media/rtc"
	"paravent/media/sfu"
)

// Bounds on what others may make us remember.
const (
	maxDowns   = 1000
	maxDownsOf = 32 // of one member
	// smallView is the height, in pixels, up to which the small picture does: it is
	// half as large as the other, as a rule 180 or 240.
	smallView = 240
	// lateTime is how long what was in a stream before may be missing when it is
	// offered anew: tracks begin one after the other.
	lateTime = 2 * time.Second
	// mostStops bounds how often a stream is stopped while the server's word on it is
	// awaited.
	mostStops = 16
)

// A down is a stream that another sends.
type down struct {
	name    string // of ours: tracks are named after it, also when the id changes
	id      string
	member  sfu.MemberID
	label   string
	way     *way   // nil while nothing of it is wanted
	sdp     string // an offer that waits to be answered
	early   []rtc.Candidate
	away    bool // it is not offered at present, because we have aborted it
	checked bool // it was requested again, for the sake of what began late
	stops   int  // answers to that which are still to come
	stale   bool // from before a cut
	tracks  [kinds]*track
	asked   [kinds]string // as requested last; empty is not at all
	changed bool          // and the offer that follows from that has not come
	got     [kinds]codec.Name
	grace   time.Time // until when what is missing may still come; zero if it may not
}

// A track is one kind of a stream.
type track struct {
	sfu.Track
	down   *down
	kind   int
	inlet  *inlet
	remote *rtc.Remote // that the server sends, or did
}

func (t *track) end() {
	if t.inlet != nil {
		t.inlet.media.End(nil)
		t.inlet = nil
	}
}

// lost takes that the stay at the server ended in which the stream was offered.
func (d *down) lost() {
	d.way, d.sdp, d.early, d.stops = nil, "", nil, 0
	d.away, d.changed, d.stale = false, false, true
	for _, t := range d.tracks {
		if t != nil {
			t.remote = nil
		}
	}
}

// everything is what a stream is offered with.
func everything() [kinds]string { return [kinds]string{"audio", "video"} }

// offered takes a stream that the server offers. It must be called with mu held.
func (s *session) offered(m *offered) {
	if m.ID == "" || len(m.ID) > maxName || len(m.Replace) > maxName || s.ghosts[m.Source] || len(m.Source) > maxName {
		return
	}
	d := s.downs[m.ID]
	if old := s.downs[m.Replace]; d == nil && old != nil && m.Replace != "" && old.member == s.memberOf(m.Source) {
		d = old
		s.replaced(d, m.ID)
	}
	if d == nil {
		if s.ways[m.ID] != nil || !s.roomFor(s.memberOf(m.Source)) {
			s.say(says{"type": "abort", "id": m.ID})
			return
		}
		s.count++
		d = &down{name: strconv.Itoa(s.count), id: m.ID, member: s.memberOf(m.Source), label: m.Label}
		s.downs[m.ID] = d
	}
	if d.stops > 0 { // said before the server knew that we have aborted it
		return
	}
	d.sdp, d.away, d.stale = m.SDP, false, false
	if d.way == nil {
		d.early, d.asked, d.grace = nil, everything(), time.Now().Add(lateTime)
	}
	s.takeTracks(d, offers(m.SDP))
	s.tend(d)
}

// replaced gives d another id: its sender has begun anew with it.
func (s *session) replaced(d *down, id string) {
	if d.way != nil {
		s.shut(d.way)
	}
	delete(s.downs, d.id)
	d.lost()
	d.id = id
	s.downs[id] = d
}

func (s *session) roomFor(m sfu.MemberID) bool {
	n := 0
	for _, d := range s.downs {
		if d.member == m {
			n++
		}
	}
	return n < maxDownsOf && len(s.downs) < maxDowns
}

// takeTracks takes what is offered of a stream, as far as it differs from what was
// known. What we have asked not to get is not gone.
func (s *session) takeTracks(d *down, names [kinds]codec.Name) {
	d.got = names
	for kind, name := range names {
		t := d.tracks[kind]
		switch {
		case name == "":
		case t == nil:
			word := [kinds]string{"/sound", "/picture"}[kind]
			t = &track{down: d, kind: kind, Track: sfu.Track{
				ID: sfu.TrackID(d.name + word), Member: d.member, Source: sourceOf(d.label, kind), Codec: name,
			}}
			d.tracks[kind] = t
			s.tracks[t.ID] = t
			s.put(sfu.TrackAdded{Track: t.Track})
		case t.Codec != name:
			t.Codec = name
			s.put(sfu.TrackChanged{Track: t.Track})
		}
	}
	if !d.changed && d.grace.IsZero() {
		s.dropMissing(d)
	}
	d.changed = false
}

// dropMissing drops what is asked for and not offered. It must be called with mu
// held.
func (s *session) dropMissing(d *down) {
	for kind, t := range d.tracks {
		if t != nil && d.got[kind] == "" && d.asked[kind] != "" {
			s.dropTrack(t)
			s.put(sfu.TrackRemoved{ID: t.ID})
		}
	}
}

// dropLate drops what was waited for in vain. It must be called with mu held.
func (s *session) dropLate(now time.Time) {
	for _, d := range s.downs {
		if !d.grace.IsZero() && now.After(d.grace) && !d.stale && !d.away {
			d.grace = time.Time{}
			s.dropMissing(d)
		}
	}
	if !s.stale.IsZero() && now.After(s.stale) {
		s.stale = time.Time{}
		s.dropStale()
	}
}

// sourceOf reads a label: a film that somebody plays is shown as a screen is.
func sourceOf(label string, kind int) sfu.Source {
	shown := label == labelScreen || label == "video"
	switch {
	case kind == sound && shown:
		return sfu.ScreenSound
	case kind == sound:
		return sfu.Microphone
	case shown:
		return sfu.Screen
	}
	return sfu.Camera
}

func (s *session) dropTrack(t *track) {
	t.end()
	t.down.tracks[t.kind] = nil
	delete(s.tracks, t.ID)
}

// dropDown must be called with mu held. It tells of the tracks unless their member
// is gone with them.
func (s *session) dropDown(d *down, tell bool) {
	for _, t := range d.tracks {
		if t == nil {
			continue
		}
		s.dropTrack(t)
		if tell {
			s.put(sfu.TrackRemoved{ID: t.ID})
		}
	}
	if d.way != nil {
		s.shut(d.way)
	}
	delete(s.downs, d.id)
}

// dropStale drops what has not come again after a cut.
func (s *session) dropStale() {
	for _, d := range s.downs {
		if d.stale {
			s.dropDown(d, true)
		}
	}
}

// closed takes that a stream has ended, or that it is not sent to us any more, as
// we wished. It must be called with mu held.
func (s *session) closed(id string) {
	d := s.downs[id]
	switch {
	case d == nil:
		// A stream that has not begun to carry anything. The server may forget to
		// offer it to who came at that moment.
		s.askAgain()
	case d.stops > 0:
		d.stops--
	default:
		s.dropDown(d, true)
	}
}

// askAgain requests everything once more, in a moment. It must be called with mu
// held.
func (s *session) askAgain() {
	if s.again.IsZero() {
		s.again = time.Now().Add(againTime)
	}
}

// wanted is what the inlets of a stream want of it, as the server is asked for it.
func (d *down) wanted() (w [kinds]string) {
	if t := d.tracks[sound]; t != nil && t.inlet != nil && t.inlet.wants() {
		w[sound] = "audio"
	}
	if t := d.tracks[picture]; t != nil && t.inlet != nil && t.inlet.wants() {
		w[picture] = "video"
		if v := t.inlet.view; v != nil && v.Height <= smallView {
			w[picture] = "video-low"
		}
	}
	return w
}

// tend makes what the server sends of a stream what is wanted of it. It must be
// called with mu held.
func (s *session) tend(d *down) {
	want := d.wanted()
	switch {
	case want == [kinds]string{}:
		// An offer that waits keeps the server from telling what is new in a stream,
		// so it waits only where nothing new can come.
		whole := d.tracks[sound] != nil && d.tracks[picture] != nil
		if d.way == nil && (d.sdp == "" || whole) || d.stops >= mostStops {
			return
		}
		if d.way != nil {
			s.shut(d.way)
		} else if !d.checked { // what began while the offer was on its way is not told of
			d.checked = true
			s.askAgain()
		}
		s.say(says{"type": "abort", "id": d.id})
		stops := d.stops + 1
		d.lost()
		d.stale, d.away, d.stops = false, true, stops
	case d.sdp != "":
		s.desk.put(func() { s.reply(d) })
	case d.away:
		d.away = false
		s.say(sayAll())
	case d.way != nil:
		s.ask(d, want)
	}
}

// ask must be called with mu held.
func (s *session) ask(d *down, want [kinds]string) {
	for kind, t := range d.tracks {
		if t == nil { // of what there is not, all is asked
			want[kind] = d.asked[kind]
		}
	}
	if want == d.asked {
		return
	}
	d.asked, d.changed = want, true
	s.say(says{"type": "requestStream", "id": d.id, "request": slices.DeleteFunc(want[:], func(w string) bool { return w == "" })})
}

// reply is the desk's: it answers the offer of a stream, if it is still wanted.
func (s *session) reply(d *down) {
	s.mu.Lock()
	sdp, w, id := d.sdp, d.way, d.id
	if sdp == "" || s.downs[id] != d || d.wanted() == [kinds]string{} || s.ended {
		s.mu.Unlock()
		return
	}
	d.sdp = ""
	s.mu.Unlock()
	fresh := w == nil
	if fresh {
		var err error
		if w, err = s.newWay(id); err != nil {
			s.debug("watch", err)
			return
		}
		w.down = d
		s.mu.Lock()
		if s.downs[id] != d || d.way != nil || d.stale || s.ended {
			s.discard(w)
			s.mu.Unlock()
			return
		}
		d.way = w
		s.ways[id] = w
		s.mu.Unlock()
	}
	answer, err := w.peer.Answer(sdp)
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.shut {
		return
	}
	if err != nil {
		s.debug("watch", err)
		s.say(says{"type": "abort", "id": id})
		s.dropDown(d, true) // it cannot be watched
		return
	}
	s.describe(w, says{"type": "answer", "id": id, "sdp": answer})
	early := d.early
	d.early = nil
	for _, c := range early {
		s.desk.put(func() { s.debug("candidate", w.peer.AddCandidate(c)) })
	}
	s.ask(d, d.wanted())
}

// trickle takes a place where the server may be reached. It must be called with mu
// held.
func (s *session) trickle(m *ice) {
	if m.Candidate == nil {
		return
	}
	c := m.Candidate.rtc()
	if w := s.ways[m.ID]; w != nil {
		s.desk.put(func() {
			s.debug("candidate", w.peer.AddCandidate(c))
		})
		return
	}
	if d := s.downs[m.ID]; d != nil && len(d.early) < maxEarly {
		d.early = append(d.early, c)
	}
}

// remote takes a stream of packets that begins.
func (s *session) remote(w *way, r *rtc.Remote) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := w.down
	if d == nil || d.way != w {
		return
	}
	kind := picture
	if r.Codec() == codec.Opus {
		kind = sound
	}
	if t := d.tracks[kind]; t != nil {
		t.remote = r
		if t.inlet != nil {
			t.inlet.media.Attach(r)
		}
	}
}
