package galene_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// A double is a server that speaks version 2 of Galene's protocol as its
// description has it, and passes on what is sent. It fails the test at whatever a
// client does against the rules. It is none of Galene's.
//
// Its groups are test, where guests need the password "screen" or the token below
// and Op the password "operator"; cellar, which is locked; portal, whose passes are
// given elsewhere; and moved and away, which are no more.
type double struct {
	http *httptest.Server
	api  *webrtc.API
	mux  *ice.UDPMuxDefault

	packets atomic.Int64 // of media, that came

	mu        sync.Mutex // guards everything that follows
	people    map[string]*person
	past      []map[string]any // the history of the chat
	locked    bool
	recording bool
	linger    bool     // who is cut off is not missed
	told      []string // what was done against the rules
}

const tokenOfTheGroup = "Zm9sZGluZy1zY3JlZW4"

// A person is a connection, and somebody in the group once it has a name.
type person struct {
	d       *double
	c       *websocket.Conn
	out     chan map[string]any
	gone    chan struct{}
	id      string
	name    string
	in      bool
	rights  []string
	data    map[string]any
	wants   bool
	ups     map[string]*upward
	downs   map[string]*downward
	working sync.WaitGroup
}

// An upward is a stream that somebody sends, a downward one that is passed on.
type upward struct {
	id, label string
	replace   string // the stream that it takes the place of
	by        *person
	pc        *webrtc.PeerConnection
	tracks    []*passed // in the order in which they came
}

type passed struct {
	*webrtc.TrackLocalStaticRTP
	remote *webrtc.TrackRemote
}

type downward struct {
	up      *upward
	pc      *webrtc.PeerConnection
	senders map[*passed]*webrtc.RTPSender
	asked   []string // nil is all
	replace string   // as the first offer says it
	again   bool     // there is more to offer when the answer has come
}

func open(t *testing.T) *double {
	t.Helper()
	d := &double{people: make(map[string]*person)}
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.mux = ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: c})
	engine, chain := &webrtc.MediaEngine{}, &interceptor.Registry{}
	feedback := []webrtc.RTCPFeedback{{Type: "goog-remb"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}}
	vp8 := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000, RTCPFeedback: feedback}
	opus := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"}
	if err := errors.Join(
		engine.RegisterCodec(webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: opus}, webrtc.RTPCodecTypeAudio),
		engine.RegisterCodec(webrtc.RTPCodecParameters{PayloadType: 96, RTPCodecCapability: vp8}, webrtc.RTPCodecTypeVideo),
		webrtc.RegisterDefaultInterceptors(engine, chain)); err != nil {
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
		d.drop()
		d.mu.Lock()
		for _, p := range d.people { // who lingers
			p.leave()
		}
		d.mu.Unlock()
		d.http.Close()
		_ = d.mux.Close()
		_ = c.Close()
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, s := range d.told {
			t.Errorf("against the rules: %s", s)
		}
	})
	return d
}

func (d *double) host() string { return strings.TrimPrefix(d.http.URL, "http://") }

// drop cuts every connection without a word, and returns when nobody is there.
func (d *double) drop() {
	d.mu.Lock()
	all := slices.Collect(maps.Values(d.people))
	d.mu.Unlock()
	for _, p := range all {
		_ = p.c.CloseNow()
	}
	for _, p := range all {
		<-p.gone
	}
}

func (d *double) breach(format string, args ...any) {
	d.told = append(d.told, fmt.Sprintf(format, args...))
}

func (d *double) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery != "" || r.Header.Get("Authorization") != "" {
		d.mu.Lock()
		d.breach("%s has a query, or a pass", r.URL.Path)
		d.mu.Unlock()
	}
	name, isStatus := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/group/"), "/.status")
	st := map[string]any{"name": name, "location": d.http.URL + "/group/" + name + "/", "endpoint": "ws://" + r.Host + "/ws", "displayName": "Atelier\x1b[2J"}
	switch {
	case r.URL.Path == "/ws":
		d.accept(w, r)
		return
	case r.URL.Path == "/public-groups.json":
		_, _ = io.WriteString(w, "[]")
		return
	case !isStatus || !slices.Contains([]string{"test", "cellar", "portal", "moved", "away"}, name):
		http.NotFound(w, r)
		return
	case name == "portal":
		st["authPortal"] = "https://passes.example/?secret=x"
	case name == "moved":
		st = map[string]any{"name": name, "redirect": "/group/test/"}
	case name == "away":
		st = map[string]any{"name": name, "redirect": "https://elsewhere.example/group/test/?secret=x"}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(st)
}

func (d *double) accept(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer c.CloseNow()
	c.SetReadLimit(1 << 20)
	p := &person{
		d: d, c: c, out: make(chan map[string]any, 4096), gone: make(chan struct{}),
		data: make(map[string]any), ups: make(map[string]*upward), downs: make(map[string]*downward),
	}
	defer close(p.gone)
	key := rand.Text() // of who has no name yet
	d.mu.Lock()
	d.people[key] = p
	d.mu.Unlock()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	p.working.Go(func() { p.write(ctx) })
	for {
		_, b, err := c.Read(ctx)
		if err != nil {
			break
		}
		var m map[string]any
		if json.Unmarshal(b, &m) != nil {
			break
		}
		d.mu.Lock()
		p.handle(m)
		d.mu.Unlock()
	}
	cancel()
	d.mu.Lock()
	if !d.linger {
		p.leave()
		delete(d.people, key)
	}
	d.mu.Unlock()
	p.working.Wait()
}

func (p *person) write(ctx context.Context) {
	for {
		select {
		case m := <-p.out:
			if kind, _ := m["close"].(string); kind != "" {
				_ = p.c.Close(websocket.StatusNormalClosure, "")
				return
			}
			b, _ := json.Marshal(m)
			if p.c.Write(ctx, websocket.MessageText, b) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// say, and everything that follows, must be called with the double's lock held.
func (p *person) say(m map[string]any) {
	m = maps.Clone(m)
	select {
	case p.out <- m:
	default:
	}
}

type object = map[string]any

func (p *person) others() (all []*person) {
	for _, o := range p.d.people {
		if o != p && o.in {
			all = append(all, o)
		}
	}
	return all
}

func (p *person) entry(kind string) object {
	return object{"type": "user", "kind": kind, "id": p.id, "username": p.name, "permissions": p.rights, "data": p.data}
}

func (p *person) may(right string) bool { return slices.Contains(p.rights, right) }

func (p *person) no(words string) {
	p.say(object{"type": "usermessage", "kind": "error", "privileged": true, "value": words})
}

func (p *person) leave() {
	for id := range p.ups {
		p.endUp(id)
	}
	for _, w := range p.downs {
		_ = w.pc.Close()
	}
	p.downs = make(map[string]*downward)
	if p.in {
		p.in = false
		for _, o := range p.others() {
			o.say(p.entry("delete"))
		}
	}
}

func str(m object, key string) string { s, _ := m[key].(string); return s }

func (p *person) handle(m object) {
	kind, id := str(m, "kind"), str(m, "id")
	switch typ := str(m, "type"); {
	case typ == "handshake":
		if p.id != "" || id == "" {
			p.d.breach("a second handshake, or one without an id")
		}
		p.id = id
		p.say(object{"type": "handshake", "version": []string{"2"}})
		return
	case p.id == "":
		p.d.breach("%s before the handshake", typ)
		return
	case str(m, "source") != "" && str(m, "source") != p.id:
		p.d.breach("the source of %s is another's", typ)
	case typ != "join" && m["username"] != nil && str(m, "username") != p.name:
		p.d.breach("the user name of %s is another's", typ)
	case typ == "ping":
		p.say(object{"type": "pong"})
	case typ == "pong":
	case typ == "join" && kind == "join":
		p.join(m)
	case typ == "join" && kind == "leave":
		p.leave()
	case !p.in:
		p.d.breach("%s by somebody who has not joined", typ)
	case typ == "request":
		p.wants = true
		for _, o := range p.others() {
			for _, u := range o.ups {
				p.push(u)
			}
		}
	case typ == "requestStream":
		w := p.downs[id]
		if w == nil {
			return
		}
		w.asked = []string{}
		list, _ := m["request"].([]any)
		for _, x := range list {
			s, _ := x.(string)
			w.asked = append(w.asked, s)
		}
		p.push(w.up)
	case typ == "offer":
		p.offered(m)
	case typ == "answer":
		p.answered(id, str(m, "sdp"))
	case typ == "ice":
		p.trickle(id, m["candidate"])
	case typ == "renegotiate":
		if w := p.downs[id]; w != nil {
			w.offer(p, true)
		}
	case typ == "close":
		p.endUp(id)
	case typ == "abort":
		p.endDown(id)
	case typ == "chat" || typ == "usermessage":
		p.chat(m)
	case typ == "useraction" && kind == "setdata":
		data, _ := m["value"].(map[string]any)
		if str(m, "dest") != p.id {
			p.d.breach("setdata of somebody else")
		}
		p.data = maps.Clone(p.data)
		for k, v := range data {
			if p.data[k] = v; v == nil {
				delete(p.data, k)
			}
		}
		p.d.tellAll(p.entry("change"))
	case typ == "useraction" && kind == "kick" && p.may("op"):
		for _, o := range p.others() {
			if o.id == str(m, "dest") {
				o.kick(p.id, p.name, str(m, "value"))
			}
		}
	case typ == "useraction" && p.may("op"):
		for _, o := range p.others() {
			if o.id == str(m, "dest") {
				o.change(kind)
			}
		}
	case typ == "groupaction" && p.may("op"):
		p.d.act(kind)
	default:
		p.d.breach("%s of kind %q", typ, kind)
	}
}

// change gives or takes a right.
func (p *person) change(kind string) {
	right, off := strings.CutPrefix(kind, "un")
	p.rights = slices.DeleteFunc(slices.Clone(p.rights), func(r string) bool { return r == right })
	if !off {
		p.rights = append(p.rights, right)
	}
	p.say(p.welcome("change"))
	if off && right == "present" {
		for id := range p.ups {
			p.endUp(id)
			p.say(object{"type": "abort", "id": id})
		}
	}
	p.d.tellAll(p.entry("change"))
}

// recorder is the member that stores what it gets.
func recorder() object {
	return object{"type": "user", "kind": "add", "id": "0123456789abcdef", "username": "RECORDING", "permissions": []string{"system"}}
}

// act does what an operator wants of the group.
func (d *double) act(kind string) {
	recorder := recorder()
	switch kind {
	case "lock", "unlock":
		d.locked = kind == "lock"
		for _, p := range d.people {
			if p.in {
				p.say(p.welcome("change"))
			}
		}
	case "record":
		d.recording = true
		d.tellAll(recorder)
	case "unrecord":
		d.recording = false
		recorder["kind"] = "delete"
		d.tellAll(recorder)
	}
}

// shutDown ends the server as the real one does: everybody is told and sent away.
func (d *double) shutDown() {
	d.mu.Lock()
	all := slices.Collect(maps.Values(d.people))
	for _, p := range all {
		p.kick("", "", "server is shutting down")
	}
	d.locked = true
	d.mu.Unlock()
	for _, p := range all {
		<-p.gone
	}
}

func (d *double) tellAll(m object) {
	for _, o := range d.people {
		if o.in {
			o.say(m)
		}
	}
}

func (p *person) kick(by, name, words string) {
	m := object{"type": "usermessage", "kind": "kicked", "privileged": true, "dest": p.id, "value": words}
	if by != "" {
		m["id"], m["username"] = by, name
	}
	p.say(m)
	p.out <- object{"close": "now"}
}

func (p *person) join(m object) {
	group, name, password, token := str(m, "group"), str(m, "username"), str(m, "password"), str(m, "token")
	fail := func(code, words string) {
		p.say(object{"type": "joined", "kind": "fail", "error": code, "group": group, "value": words})
	}
	switch {
	case token != "" && password != "":
		p.d.breach("a token and a password")
	case group == "cellar" || p.d.locked:
		fail("", "only for the house\x1b[2J")
		return
	case token == tokenOfTheGroup && name == "":
		fail("need-username", "username required")
		return
	case token == tokenOfTheGroup:
		p.rights = []string{"present", "message"}
	case name == "Op" && password == "operator":
		p.rights = []string{"op", "present", "message", "record"}
	case group == "test" && token == "" && password == "screen":
		p.rights = []string{"present", "message"}
	default:
		fail("", "not authorised")
		return
	}
	for _, o := range p.others() {
		if o.id == p.id {
			fail("", "internal server error") // as the real one says it
			return
		}
	}
	p.in, p.name = true, name
	p.say(p.welcome("join"))
	for _, m := range p.d.past {
		p.say(m)
	}
	p.say(p.entry("add"))
	if p.d.recording {
		p.say(recorder())
	}
	for _, o := range p.others() {
		p.say(o.entry("add"))
		o.say(p.entry("add"))
	}
}

func (p *person) welcome(kind string) object {
	return object{
		"type": "joined", "kind": kind, "group": "test", "username": p.name, "permissions": p.rights,
		"status":           object{"name": "test", "displayName": "Atelier\x1b[2J", "locked": p.d.locked},
		"rtcConfiguration": object{"iceServers": []any{object{"urls": "stun:127.0.0.1:1"}, object{"urls": []string{"turn:127.0.0.1:1"}, "username": "u", "credential": "c"}}},
	}
}

func (p *person) chat(m object) {
	if !p.may("message") {
		p.no("not authorised")
		return
	}
	out := maps.Clone(m)
	out["privileged"], out["time"] = p.may("op"), time.Now().Format(time.RFC3339)
	if str(m, "type") == "chat" && str(m, "dest") == "" {
		out["id"] = rand.Text()
		old := maps.Clone(out)
		old["type"] = "chathistory"
		p.d.past = append(p.d.past, old)
	}
	for _, o := range p.d.people {
		if o.in && (str(m, "dest") == "" || str(m, "dest") == o.id) {
			o.say(out)
		}
	}
}

func (p *person) offered(m object) {
	id, sdp := str(m, "id"), str(m, "sdp")
	if strings.Contains(sdp, "a=recvonly") || strings.Contains(sdp, "a=sendrecv") || !strings.Contains(sdp, "a=sendonly") {
		p.d.breach("an offer that does not only send")
	}
	if l := str(m, "label"); l != "camera" && l != "screenshare" && l != "video" {
		p.d.breach("the label %q", l)
	}
	if !p.may("present") {
		p.say(object{"type": "abort", "id": id})
		p.no("not authorised")
		return
	}
	u := p.ups[id]
	if u == nil {
		pc, err := p.d.api.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			p.d.breach("%v", err)
			return
		}
		u = &upward{id: id, label: str(m, "label"), replace: str(m, "replace"), by: p, pc: pc}
		if old := p.ups[u.replace]; old != nil {
			delete(p.ups, u.replace)
			_ = old.pc.Close()
		}
		p.ups[id] = u
		pc.OnICECandidate(p.candidate(id))
		pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { p.d.pass(u, t) })
	}
	err := u.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: sdp})
	var a webrtc.SessionDescription
	if err == nil {
		a, err = u.pc.CreateAnswer(nil)
	}
	if err == nil {
		p.say(object{"type": "answer", "id": id, "sdp": a.SDP})
		err = u.pc.SetLocalDescription(a)
	}
	if err != nil {
		p.say(object{"type": "abort", "id": id})
		p.no(err.Error())
	}
}

func (p *person) candidate(id string) func(*webrtc.ICECandidate) {
	return func(c *webrtc.ICECandidate) {
		if c == nil {
			return
		}
		p.d.mu.Lock()
		defer p.d.mu.Unlock()
		p.say(object{"type": "ice", "id": id, "candidate": c.ToJSON()})
	}
}

// pass passes on what comes on a track.
func (d *double) pass(u *upward, t *webrtc.TrackRemote) {
	local, err := webrtc.NewTrackLocalStaticRTP(t.Codec().RTPCodecCapability, t.ID(), u.id)
	if err != nil {
		return
	}
	d.mu.Lock()
	if u.by.ups[u.id] == u {
		u.tracks = append(u.tracks, &passed{local, t})
		for _, o := range u.by.others() {
			o.push(u)
		}
	}
	d.mu.Unlock()
	for {
		packet, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		d.packets.Add(1)
		packet.Extension, packet.Extensions = false, nil
		_ = local.WriteRTP(packet)
	}
}

// chosen are the tracks of a stream that are sent on.
func (w *downward) chosen() (out []*passed) {
	asked := w.asked
	if asked == nil {
		asked = []string{"audio", "video"}
	}
	for _, kind := range asked {
		var found *passed
		for _, t := range w.up.tracks {
			isSound := t.Kind() == webrtc.RTPCodecTypeAudio
			if (kind == "audio") == isSound && (found == nil || kind == "video-low") {
				found = t
			}
		}
		if found != nil {
			out = append(out, found)
		}
	}
	return out
}

// push offers a stream to somebody, or what has changed of it.
func (p *person) push(u *upward) {
	w := p.downs[u.id]
	if w == nil {
		if !p.wants || len(u.tracks) == 0 {
			return
		}
		pc, err := p.d.api.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			return
		}
		w = &downward{up: u, pc: pc, senders: make(map[*passed]*webrtc.RTPSender), replace: u.replace}
		if old := p.downs[u.replace]; old != nil {
			delete(p.downs, u.replace)
			_ = old.pc.Close()
		}
		p.downs[u.id] = w
		pc.OnICECandidate(p.candidate(u.id))
	}
	want := w.chosen()
	if len(want) == 0 {
		p.endDown(u.id)
		return
	}
	changed := false
	for t, s := range w.senders {
		if !slices.Contains(want, t) {
			_ = w.pc.RemoveTrack(s)
			delete(w.senders, t)
			changed = true
		}
	}
	for _, t := range want {
		if w.senders[t] != nil {
			continue
		}
		tr, err := w.pc.AddTransceiverFromTrack(t, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			continue
		}
		w.senders[t] = tr.Sender()
		changed = true
		go listen(tr.Sender(), u, t)
	}
	if changed {
		w.offer(p, false)
	}
}

// listen passes on who wants a keyframe.
func listen(s *webrtc.RTPSender, u *upward, t *passed) {
	for {
		packets, _, err := s.ReadRTCP()
		if err != nil {
			return
		}
		for _, x := range packets {
			if _, ok := x.(*rtcp.PictureLossIndication); ok {
				_ = u.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(t.remote.SSRC())}})
			}
		}
	}
}

func (w *downward) offer(p *person, restart bool) {
	if w.pc.SignalingState() == webrtc.SignalingStateHaveLocalOffer {
		w.again = true
		return
	}
	w.again = false
	o, err := w.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	if err != nil {
		return
	}
	m := object{"type": "offer", "id": w.up.id, "label": w.up.label, "source": w.up.by.id, "username": w.up.by.name, "sdp": o.SDP}
	if w.replace != "" {
		m["replace"], w.replace = w.replace, ""
	}
	p.say(m)
	_ = w.pc.SetLocalDescription(o)
}

func (p *person) answered(id, sdp string) {
	w := p.downs[id]
	if w == nil {
		return
	}
	if err := w.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp}); err != nil {
		p.d.breach("an answer: %v", err)
		return
	}
	if w.again {
		w.offer(p, false)
	}
}

func (p *person) trickle(id string, v any) {
	b, _ := json.Marshal(v)
	var c webrtc.ICECandidateInit
	if json.Unmarshal(b, &c) != nil || c.Candidate == "" {
		p.d.breach("a candidate that is none: %s", b)
		return
	}
	switch {
	case p.ups[id] != nil:
		_ = p.ups[id].pc.AddICECandidate(c)
	case p.downs[id] != nil:
		_ = p.downs[id].pc.AddICECandidate(c)
	}
}

func (p *person) endUp(id string) {
	u := p.ups[id]
	if u == nil {
		return
	}
	delete(p.ups, id)
	_ = u.pc.Close()
	for _, o := range p.others() {
		o.endDown(id)
	}
}

func (p *person) endDown(id string) {
	if w := p.downs[id]; w != nil {
		delete(p.downs, id)
		_ = w.pc.Close()
	}
	p.say(object{"type": "close", "id": id})
}
