package whip_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// A double is a WHIP and WHEP server after the letter of RFC 9725 and
// draft-ietf-wish-whep. It passes on what is sent to /whip/NAME to those who
// watch /whep/NAME, and fails the test at whatever a client does against the
// rules. Sections in what it says are those of RFC 9725.
type double struct {
	t    *testing.T
	http *httptest.Server
	api  *webrtc.API
	mux  *ice.UDPMuxDefault
	path *path

	Token     string        // wanted of everybody; empty: none may be shown
	Open      []string      // streams that anybody may enter without one
	NoTrickle bool          // PATCH is 405
	NoRestart bool          // a restart is 422, and there are no entity tags
	Offers    bool          // WHEP answers with an offer
	Only      string        // the MIME type of the only codec of pictures
	Deaf      bool          // knows no sound but the telephone's, which it answers in place of any; with Only
	Links     []string      // Link headers of the answers
	Edit      func(*answer) // changes an answer of a POST before it goes out

	packets atomic.Int64 // of media that came
	posts   atomic.Int64
	patches atomic.Int64

	mu      sync.Mutex // guards everything that follows
	streams map[string]*stream
	visits  map[string]*visit
	count   int
	told    []string // what was done against the rules
	ends    int      // DELETEs
	renewed int      // restarts that were done
}

// An answer is what a POST is answered with.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

type stream struct {
	by     *visit
	tracks map[webrtc.RTPCodecType]*webrtc.TrackLocalStaticRTP
}

// A visit is one session.
type visit struct {
	id, name string
	watch    bool
	pc       *webrtc.PeerConnection
	tag      string
	offer    string // the client's description
	answered bool   // or waiting for the client's answer
	lines    []string
}

// A path is the way that media takes. It can be cut.
type path struct {
	net.PacketConn
	cut atomic.Bool
}

func (p *path) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, a, err := p.PacketConn.ReadFrom(b)
		if err != nil || !p.cut.Load() {
			return n, a, err
		}
	}
}

func (p *path) WriteTo(b []byte, a net.Addr) (int, error) {
	if p.cut.Load() {
		return len(b), nil
	}
	return p.PacketConn.WriteTo(b, a)
}

// open starts a double. change may set what it can do, before it begins.
func open(t *testing.T, change func(*double)) *double {
	t.Helper()
	d := &double{t: t, streams: make(map[string]*stream), visits: make(map[string]*visit)}
	if change != nil {
		change(d)
	}
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.path = &path{PacketConn: c}
	d.mux = ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: d.path})
	engine, chain := &webrtc.MediaEngine{}, &interceptor.Registry{}
	if d.Only == "" {
		err = engine.RegisterDefaultCodecs()
	} else {
		sound := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"}
		number, form := webrtc.PayloadType(111), ""
		if d.Only == webrtc.MimeTypeH264 {
			form = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
		}
		if d.Deaf {
			sound, number = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}, 97
		}
		picture := webrtc.RTPCodecCapability{
			MimeType: d.Only, ClockRate: 90000, SDPFmtpLine: form,
			RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}},
		}
		err = errors.Join(
			engine.RegisterCodec(webrtc.RTPCodecParameters{PayloadType: number, RTPCodecCapability: sound}, webrtc.RTPCodecTypeAudio),
			engine.RegisterCodec(webrtc.RTPCodecParameters{PayloadType: 102, RTPCodecCapability: picture}, webrtc.RTPCodecTypeVideo))
	}
	if err := errors.Join(err, webrtc.RegisterDefaultInterceptors(engine, chain)); err != nil {
		t.Fatal(err)
	}
	var s webrtc.SettingEngine
	s.SetICEUDPMux(d.mux)
	s.SetIncludeLoopbackCandidate(true)
	s.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	d.api = webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(chain), webrtc.WithSettingEngine(s))
	d.http = httptest.NewServer(http.HandlerFunc(d.serve))
	t.Cleanup(func() {
		d.forget(true)
		d.http.Close()
		_ = d.mux.Close()
		_ = c.Close()
		for _, s := range d.told {
			t.Errorf("against the rules: %s", s)
		}
	})
	return d
}

// forget ends every session, with or without a word to the other side.
func (d *double) forget(tell bool) {
	d.path.cut.Store(!tell)
	d.mu.Lock()
	all := d.visits
	d.visits, d.streams = make(map[string]*visit), make(map[string]*stream)
	d.mu.Unlock()
	for _, v := range all {
		_ = v.pc.Close()
	}
	d.path.cut.Store(false)
}

func (d *double) breach(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told = append(d.told, fmt.Sprintf(format, args...))
}

func (d *double) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		return
	}
	kind, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	open := slices.Contains(d.Open, name)
	switch auth := r.Header.Values("Authorization"); {
	case d.Token != "" && strings.Contains(r.URL.String(), d.Token):
		d.breach("the token is in the address")
	case len(auth) > 1:
		d.breach("%d Authorization headers", len(auth))
	case d.Token != "" && !open && kind != "elsewhere" && (len(auth) == 0 || auth[0] != "Bearer "+d.Token):
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "no: "+strings.Join(auth, ""), http.StatusUnauthorized) // a careless server shows it
		return
	case d.Token == "" && len(auth) > 0:
		d.breach("section 4.7.1: a token that was not configured was sent")
	}
	switch {
	case (kind == "whip" || kind == "whep") && r.Method == http.MethodPost:
		d.post(w, r, kind == "whep", name, string(body))
	case r.Method == http.MethodOptions:
		w.Header().Set("Accept-Post", "application/sdp")
	case r.Method == http.MethodGet:
		w.WriteHeader(http.StatusNoContent)
	case kind == "session" && r.Method == http.MethodPatch:
		d.patch(w, r, name, string(body))
	case kind == "session" && r.Method == http.MethodDelete:
		d.end(w, r, name)
	default:
		http.NotFound(w, r)
	}
}

var (
	msid  = regexp.MustCompile(`(?m)^a=msid:(\S+) `)
	mline = regexp.MustCompile(`(?m)^m=(\S+) `)
)

// judge holds an offer against the rules.
func (d *double) judge(watch bool, sdp string, isAnswer bool) {
	kinds := make(map[string]int)
	want := "a=sendonly"
	if watch {
		want = "a=recvonly"
	}
	for _, part := range strings.Split(sdp, "\r\nm=")[1:] {
		kind, _, _ := strings.Cut(part, " ")
		if kinds[kind]++; kinds[kind] > 1 {
			d.breach("section 4.4.2: more than one track of %s", kind)
		}
		part += "\r\n"
		has := func(line, rule string) {
			if !strings.Contains(part, line+"\r\n") {
				d.breach("%s: there is no %s for %s", rule, line, kind)
			}
		}
		switch kind {
		case "audio", "video":
			has(want, "section 4.2")
		default:
			d.breach("section 4.4: a section of %s", kind)
		}
		has("a=rtcp-mux", "section 4.4.1")
		has("a=rtcp-mux-only", "section 4.4.1")
		if !isAnswer {
			has("a=setup:actpass", "section 4.4.4")
		}
		if !strings.Contains(sdp, "a=group:BUNDLE") {
			d.breach("section 4.4.1: no BUNDLE")
		}
	}
	streams := make(map[string]bool)
	for _, m := range msid.FindAllStringSubmatch(sdp, -1) {
		streams[m[1]] = true
	}
	if !watch && len(streams) != 1 {
		d.breach("section 4.4.2: %d MediaStreams", len(streams))
	}
	if !strings.Contains(sdp, "a=ice-options:trickle") {
		d.breach("RFC 8840, section 4.1.1: trickling is not announced")
	}
	if group := value(sdp, "a=group:BUNDLE "); len(strings.Fields(group)) != len(mline.FindAllString(sdp, -1)) {
		d.breach("section 4.4.1: %q is not every section", group)
	}
}

// value is what follows the first line that begins so.
func value(sdp, begin string) string {
	for line := range strings.Lines(sdp) {
		if v, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), begin); ok {
			return v
		}
	}
	return ""
}

func (d *double) post(w http.ResponseWriter, r *http.Request, watch bool, name, offer string) {
	d.posts.Add(1)
	if t := r.Header.Get("Content-Type"); t != "application/sdp" {
		d.breach("section 4.2: the offer is %q", t)
	}
	if r.Header.Get("If-Match") != "" {
		d.breach("section 4.3.1: a POST with an entity tag")
	}
	d.judge(watch, offer, false)
	a := d.enter(watch, name, offer)
	if d.Edit != nil {
		d.Edit(a)
	}
	for k, v := range a.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(a.Status)
	_, _ = io.WriteString(w, a.Body)
}

func refuse(status int, words string) *answer {
	return &answer{Status: status, Header: http.Header{"Content-Type": {"text/plain"}}, Body: words}
}

func (d *double) enter(watch bool, name, offer string) *answer {
	d.mu.Lock()
	from := d.streams[name]
	d.mu.Unlock()
	switch {
	case watch && from == nil:
		return refuse(http.StatusNotFound, "no stream of that name")
	case !watch && from != nil:
		return &answer{http.StatusConflict, http.Header{"Content-Type": {"application/problem+json"}}, `{"title":"taken","detail":"somebody sends already\u001b[2J"}`}
	}
	pc, err := d.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return refuse(http.StatusInternalServerError, err.Error())
	}
	v := &visit{name: name, watch: watch, pc: pc, offer: offer, answered: true}
	d.mu.Lock()
	d.count++
	v.id = fmt.Sprintf("%d", d.count)
	if v.tag = fmt.Sprintf(`"%d-1"`, d.count); d.NoRestart {
		v.tag = ""
	}
	d.mu.Unlock()
	a := &answer{http.StatusCreated, http.Header{"Content-Type": {"application/sdp"}, "Location": {"/session/" + v.id}, "Link": d.Links}, ""}
	if v.tag != "" {
		a.Header.Set("ETag", v.tag)
	}
	if watch {
		for _, t := range from.tracks {
			sender, err := pc.AddTrack(t)
			if err != nil {
				return refuse(http.StatusInternalServerError, err.Error())
			}
			go d.listen(sender, from)
		}
		if d.Deaf {
			t, _ := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}, "sound", "stream")
			_, _ = pc.AddTrack(t)
		}
		if d.Offers {
			a.Status, v.answered = http.StatusNotAcceptable, false
			a.Body, err = describe(pc, func() (webrtc.SessionDescription, error) { return pc.CreateOffer(nil) })
		}
	}
	if v.answered && err == nil {
		if !watch {
			pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { d.pass(v, t) })
		}
		err = pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer})
		if err == nil {
			a.Body, err = describe(pc, func() (webrtc.SessionDescription, error) { return pc.CreateAnswer(nil) })
		}
	}
	if err != nil {
		_ = pc.Close()
		return refuse(http.StatusBadRequest, err.Error())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.visits[v.id] = v
	if !watch {
		d.streams[name] = &stream{by: v, tracks: tracks(pc)}
	}
	return a
}

// tracks are what a publisher may send, as it was settled.
func tracks(pc *webrtc.PeerConnection) map[webrtc.RTPCodecType]*webrtc.TrackLocalStaticRTP {
	all := make(map[webrtc.RTPCodecType]*webrtc.TrackLocalStaticRTP)
	for _, t := range pc.GetTransceivers() {
		if c := t.Receiver().GetParameters().Codecs; len(c) > 0 {
			all[t.Kind()], _ = webrtc.NewTrackLocalStaticRTP(c[0].RTPCodecCapability, t.Kind().String(), "stream")
		}
	}
	return all
}

// describe settles our side, with every candidate.
func describe(pc *webrtc.PeerConnection, say func() (webrtc.SessionDescription, error)) (string, error) {
	s, err := say()
	if err != nil {
		return "", err
	}
	done := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(s); err != nil {
		return "", err
	}
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		return "", errors.New("no candidates")
	}
	for tick := time.NewTicker(5 * time.Millisecond); !strings.Contains(pc.LocalDescription().SDP, "a=candidate"); {
		<-tick.C
	}
	return pc.LocalDescription().SDP, nil
}

// pass passes on what a publisher sends.
func (d *double) pass(v *visit, t *webrtc.TrackRemote) {
	for {
		p, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		d.packets.Add(1)
		d.mu.Lock()
		s := d.streams[v.name]
		d.mu.Unlock()
		if s != nil && s.by == v && s.tracks[t.Kind()] != nil {
			p.Extension, p.Extensions = false, nil
			_ = s.tracks[t.Kind()].WriteRTP(p)
		}
	}
}

// listen passes on that a watcher wants a keyframe.
func (d *double) listen(sender *webrtc.RTPSender, from *stream) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			if _, ok := p.(*rtcp.PictureLossIndication); !ok {
				continue
			}
			for _, r := range from.by.pc.GetReceivers() {
				if t := r.Track(); t != nil && t.Kind() == webrtc.RTPCodecTypeVideo {
					_ = from.by.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(t.SSRC())}})
				}
			}
		}
	}
}

func (d *double) patch(w http.ResponseWriter, r *http.Request, id, body string) {
	d.patches.Add(1)
	d.mu.Lock()
	v := d.visits[id]
	d.mu.Unlock()
	if v == nil {
		http.NotFound(w, r)
		return
	}
	if !v.answered {
		d.answer(w, r, v, body)
		return
	}
	if t := r.Header.Get("Content-Type"); t != "application/trickle-ice-sdpfrag" {
		d.breach("section 4.3.1: a fragment is %q", t)
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	}
	if d.NoTrickle {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	user, password := value(body, "a=ice-ufrag:"), value(body, "a=ice-pwd:")
	restart := user != value(v.offer, "a=ice-ufrag:")
	d.judgeFragment(v, body)
	match := r.Header.Get("If-Match")
	switch {
	case restart && d.NoRestart:
		w.WriteHeader(http.StatusUnprocessableEntity)
	case restart && match != "*":
		d.breach("section 4.3.3: a restart with If-Match %q", match)
		w.WriteHeader(http.StatusPreconditionFailed)
	case !restart && v.tag != "" && match == "":
		d.breach("section 4.3.1: a PATCH without the entity tag")
		w.WriteHeader(http.StatusPreconditionRequired)
	case !restart && v.tag != "" && match != v.tag:
		d.breach("section 4.3.1: a PATCH with the entity tag %s, not %s", match, v.tag)
		w.WriteHeader(http.StatusPreconditionFailed)
	case restart:
		d.restart(w, v, user, password, body)
	default:
		if password != value(v.offer, "a=ice-pwd:") {
			d.breach("section 4.3.2: another password than in the offer")
		}
		for _, c := range candidates(body) {
			_ = v.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: c})
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// judgeFragment holds a fragment against section 4.3.2 and RFC 8840.
func (d *double) judgeFragment(v *visit, body string) {
	first := value(v.offer, "a=mid:")
	if value(body, "a=mid:") != first || strings.Count(body, "m=") != 1 {
		d.breach("section 4.3.2: the fragment is not of the section %q alone:\n%s", first, body)
	}
	if g := value(body, "a=group:"); g != value(v.offer, "a=group:") {
		d.breach("section 4.3.2: the group is %q", g)
	}
	if o := value(body, "a=ice-options:"); o != value(v.offer, "a=ice-options:") {
		d.breach("section 4.3.3: the ICE options are %q", o)
	}
	if !strings.HasSuffix(body, "\r\n") || strings.Contains(strings.ReplaceAll(body, "\r\n", ""), "\n") {
		d.breach("RFC 8866: lines end in CRLF")
	}
	for _, c := range candidates(body) {
		if slices.Contains(v.lines, c) {
			d.breach("RFC 8838, section 10: a candidate twice: %s", c)
		}
		v.lines = append(v.lines, c)
	}
}

func candidates(body string) (all []string) {
	for line := range strings.Lines(body) {
		if c, ok := strings.CutPrefix(strings.TrimSpace(line), "a=candidate:"); ok {
			all = append(all, "candidate:"+c)
		}
	}
	return all
}

// with puts other ways into a description.
func with(sdp, user, password string) string {
	var b strings.Builder
	for line := range strings.Lines(sdp) {
		switch {
		case strings.HasPrefix(line, "a=ice-ufrag:"):
			line = "a=ice-ufrag:" + user + "\r\n"
		case strings.HasPrefix(line, "a=ice-pwd:"):
			line = "a=ice-pwd:" + password + "\r\n"
		case strings.HasPrefix(line, "a=candidate:"):
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}

func (d *double) restart(w http.ResponseWriter, v *visit, user, password, body string) {
	if len(candidates(body)) == 0 {
		d.breach("section 4.3.3: a restart without candidates")
	}
	v.offer = with(v.offer, user, password)
	err := v.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: v.offer})
	var ours string
	if err == nil {
		ours, err = describe(v.pc, func() (webrtc.SessionDescription, error) { return v.pc.CreateAnswer(nil) })
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for _, c := range candidates(body) {
		_ = v.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: c})
	}
	d.mu.Lock()
	d.renewed++
	v.tag = fmt.Sprintf(`"%s-%d"`, v.id, d.renewed+1)
	d.mu.Unlock()
	f := "a=ice-options:trickle\r\na=group:" + value(ours, "a=group:") + "\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:" + value(ours, "a=mid:") + "\r\n" +
		"a=ice-ufrag:" + value(ours, "a=ice-ufrag:") + "\r\na=ice-pwd:" + value(ours, "a=ice-pwd:") + "\r\n"
	for _, c := range candidates(ours) {
		f += "a=" + c + "\r\n"
	}
	w.Header().Set("ETag", v.tag)
	w.Header().Set("Content-Type", "application/trickle-ice-sdpfrag")
	_, _ = io.WriteString(w, f+"a=end-of-candidates\r\n")
}

// answer takes the answer to an offer of ours (WHEP).
func (d *double) answer(w http.ResponseWriter, r *http.Request, v *visit, body string) {
	if t := r.Header.Get("Content-Type"); t != "application/sdp" {
		d.breach("WHEP: an answer is %q", t)
	}
	d.judge(true, body, true)
	v.offer, v.answered = body, true
	if err := v.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: body}); err != nil {
		d.breach("WHEP: the answer: %v", err)
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (d *double) end(w http.ResponseWriter, r *http.Request, id string) {
	if r.Header.Get("If-Match") != "" {
		d.breach("section 4.3.1: a DELETE with an entity tag")
	}
	d.mu.Lock()
	v := d.visits[id]
	d.ends++
	d.mu.Unlock()
	if v == nil {
		http.NotFound(w, r)
		return
	}
	d.drop(v)
}

// drop ends a session, and with a publisher's those of the watchers.
func (d *double) drop(v *visit) {
	d.mu.Lock()
	gone := []*visit{v}
	delete(d.visits, v.id)
	if s := d.streams[v.name]; s != nil && s.by == v {
		delete(d.streams, v.name)
		for id, o := range d.visits {
			if o.watch && o.name == v.name {
				gone = append(gone, o)
				delete(d.visits, id)
			}
		}
	}
	d.mu.Unlock()
	for _, o := range gone {
		_ = o.pc.Close()
	}
}

// publisher is who sends to a stream now.
func (d *double) publisher(name string) *visit {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.streams[name]; s != nil {
		return s.by
	}
	return nil
}
