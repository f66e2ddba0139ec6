// Package say holds every sentence that the program says to a person, so that
// the command line, the terminal and the window say the same.
package say

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"paravent/media/call"
	"paravent/media/capture"
	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
	"paravent/ui/command"
)

// A Problem is an error in words for a person.
type Problem struct {
	Code string // stable, for scripts and for translations
	Text string
	Hint string // what to do next; may be empty
}

// Lines are p as the command line says it: an error line and, if there is one, a
// hint line.
func (p Problem) Lines() string {
	if p.Hint == "" {
		return fmt.Sprintf("paravent: error: %s\n", p.Text)
	}
	return fmt.Sprintf("paravent: error: %s\nparavent: hint: %s\n", p.Text, p.Hint)
}

// with adds the server's own words, cleaned, if there are any.
func (p Problem) with(detail sfu.Foreign) Problem {
	if d := detail.Clean(); d != "" {
		p.Text += fmt.Sprintf(" (server: %s)", d)
	}
	return p
}

// Of returns the words for err. An error that it does not know keeps its own
// text, under the code "unexpected".
func Of(err error) Problem {
	var (
		held   *filter.HeldError
		denied *egress.DeniedError
		ports  *egress.PortsError
		reach  *egress.ReachError
		join   *sfu.JoinError
		link   *sfu.LinkError
		device *capture.DeviceError
		file   *capture.FileError
		usage  *command.UsageError
		path   *os.PathError
		ground *policy.BackgroundError
		member *call.MemberError
		diary  *call.DiaryError

		unknown *sfu.UnknownPageError
		notYet  *sfu.NotYetError
		sent    *sfu.SentElsewhereError
	)
	if p, ok := noFace(err); ok {
		return p
	}
	if p, ok := ofParcel(err); ok {
		return p
	}
	if p, ok := ofSeal(err); ok {
		return p
	}
	if p, ok := ruled(err); ok {
		return p
	}
	if p, ok := noLogin(err); ok {
		return p
	}
	switch {
	case errors.As(err, &held):
		return Problem{"held-back", held.Filter + " does not work, so nothing raw is sent", "the others see a plain colour, or hear silence, until it works again"}
	case errors.As(err, &ports):
		return Problem{"ports", ports.Error(), "your organisation lets pictures and sound use those ports only; close other calls"}
	case errors.As(err, &denied):
		return Problem{"host-denied", sfu.Foreign(denied.Error()).Clean(), "the link and the policy decide which hosts may be reached"}
	case errors.As(err, &reach):
		return reached(reach)
	case errors.As(err, &join):
		return joined(join)
	case errors.As(err, &link):
		return Problem{"bad-link", link.Error(), "ask whoever sent the link for a new one"}
	case errors.As(err, &unknown):
		return unknownPage(unknown)
	case errors.As(err, &notYet):
		return cannotJoin(notYet)
	case errors.As(err, &sent):
		return Problem{"sent-elsewhere", sent.Error(), "nothing was asked of it; if you know that server and trust it, say so with --server"}
	case errors.Is(err, policy.ErrNotListed):
		return Problem{"not-listed", sfu.Foreign(err.Error()).Clean(), "nothing was asked of it; whoever looks after this machine can add it to the list"}
	case errors.As(err, &device):
		return ofDevice(device)
	case errors.As(err, &file):
		return ofFile(file)
	case errors.As(err, &usage):
		return Problem{"usage", usage.Error(), "help shows what can be typed"}
	case errors.As(err, &ground):
		return Problem{"policy-background", sfu.Foreign(ground.Error()).Clean(), "the others see a plain colour, not even you; tell whoever looks after this machine"}
	case errors.Is(err, policy.ErrIssuer):
		return Problem{"issuer", sfu.Foreign(err.Error()).Clean(), "nothing was asked of it; whoever looks after this machine can add it to the list"}
	case errors.Is(err, policy.ErrRaw):
		return Problem{"policy", err.Error(), "choose a filter, such as --background color:#334455"}
	case errors.As(err, &diary):
		return Problem{"no-receipt", sfu.Foreign(diary.Error()).Clean(), "the call goes on; paravent receipt verify says more"}
	case errors.As(err, &member):
		return Problem{"member", member.Error(), "who, or the list of members, says what they are called; the beginning of a name is enough"}
	case errors.Is(err, call.ErrWaiting):
		return Problem{"waiting", err.Error(), "camera, microphone and screen stay closed until somebody lets you in; then open them"}
	case errors.Is(err, call.ErrNoPush):
		return Problem{"no-push", err.Error(), "start with --talk push; here the microphone is opened and closed with mic"}
	case errors.Is(err, call.ErrNoRehearsal):
		return Problem{"no-rehearsal", err.Error(), "paravent rehearse does"}
	case errors.Is(err, call.ErrNoMicrophone):
		return Problem{"microphone-closed", err.Error(), "open it with mic, then record"}
	case errors.Is(err, call.ErrNoSpeaker):
		return Problem{"no-speaker-open", err.Error(), "start with --speaker DEVICE; paravent devices lists what there is"}
	case errors.Is(err, call.ErrTaking):
		return Problem{"taking", err.Error(), "wait until it was played"}
	case errors.Is(err, call.ErrNoReveal):
		return Problem{"no-reveal", err.Error(), "it needs the camera to be on with a background, such as --background blur"}
	case errors.Is(err, sfu.ErrOnePicture):
		return Problem{"one-picture", sfu.ErrOnePicture.Error(), "turn the camera off before you share a screen, and the other way round"}
	case errors.Is(err, sfu.ErrUnsupported):
		return Problem{"unsupported", "this server has no such function", ""}
	case errors.Is(err, sfu.ErrNoAnswer):
		return Problem{"server-silent", "the server does not answer", "try again; if it stays so, leave and join again"}
	case errors.Is(err, sfu.ErrEnded):
		return Problem{"ended", "the call is over", ""}
	case errors.Is(err, context.Canceled):
		return Problem{"interrupted", "interrupted", ""}
	case errors.As(err, &path):
		return Problem{"file", fmt.Sprintf("%s: %v", path.Path, path.Err), "check the name and the rights of the file"}
	}
	return Problem{"unexpected", sfu.Foreign(err.Error()).Clean(), ""}
}

func reached(e *egress.ReachError) Problem {
	hints := map[egress.Failing][2]string{
		egress.UnknownHost: {"unknown-host", "check the link for typing errors, and the network"},
		egress.Refusing:    {"connection-refused", "the server may be down; try again later or ask its operator"},
		egress.Silent:      {"no-answer", "a firewall or the network may be in the way"},
		egress.NoRoute:     {"no-route", "check this machine's network"},
		egress.Certificate: {"certificate", "do not go on: somebody may be listening in; ask the operator of the server"},
		egress.BadTLS:      {"tls", "the server must speak TLS 1.2 or newer; is the port right?"},
		egress.Unencrypted: {"unencrypted", "use a link that begins with wss or https"},
		egress.Inward:      {"inward", "the link leads out into the world, so nothing in here is knocked at; tell whoever looks after this network"},
		egress.CutOff:      {"cut-off", "try again; if it stays so, ask the operator of the server"},
	}
	h := hints[e.Why]
	return Problem{h[0], fmt.Sprintf("%s cannot be reached: %s", sfu.Foreign(e.Host).Clean(), e.Why), h[1]}
}

func joined(e *sfu.JoinError) Problem {
	p := map[sfu.JoinProblem]Problem{
		sfu.PassMissing: {"pass-missing", "this room wants a pass (token), and the link has none", "ask whoever sent the link for the whole link, or for a pass, which --token-file takes"},
		sfu.PassRefused: {"pass-refused", "the server does not accept the pass of this link", "ask whoever sent the link for a new one"},
		sfu.PassExpired: {"pass-expired", "the pass of this link has expired", "ask whoever sent the link for a new one"},
		sfu.NoSuchRoom:  {"no-such-room", "there is no such room on the server", "check the link, or ask whoever sent it"},
		sfu.RoomFull:    {"room-full", "the room is full or locked", "ask somebody inside to let you in"},
		sfu.NotAServer:  {"not-a-server", "something answers there, but it is no conference server of this kind", "check the link"},
		sfu.ServerFault: {"server-fault", "the server has a fault", "try again later or ask its operator"},
		sfu.Busy:        {"server-busy", "the server has too much to do", "try again later"},
		sfu.NoMedia:     {"no-media", "the server answers, but pictures and sound cannot get through", "a firewall may block UDP; ask your administrator"},
		sfu.BadProtocol: {"bad-protocol", "the server sent something that makes no sense", "it may be of another version; ask its operator"},

		sfu.OfferRefused: {"offer-refused", "the server does not take what this program offers", "it may know other codecs, or want another pass; ask its operator"},
	}[e.Why]
	if p.Code == "" {
		p = Problem{Code: "join", Text: string(e.Why)}
	}
	if e.Why == sfu.Busy && e.After > 0 {
		p.Hint = fmt.Sprintf("it asks you to try again in %v", e.After.Round(time.Second))
	}
	return p.with(e.Detail)
}

func ofDevice(e *capture.DeviceError) Problem {
	name := fmt.Sprintf("%s %q", e.Kind, sfu.Foreign(e.ID).Clean())
	if e.ID == "" {
		name = string(e.Kind)
	}
	switch {
	case e.Kind == capture.ScreenKind && e.ID == "" && errors.Is(e.Err, capture.ErrNoDevice):
		return Problem{"no-screen-chosen", "which window do you want to share? None was chosen", "say it as: screen on NAME; paravent devices lists the names"}
	case errors.Is(e.Err, capture.ErrBusy):
		return Problem{string(e.Kind) + "-busy", name + " is used by another program", "close that program, or choose another device"}
	case errors.Is(e.Err, capture.ErrForbidden):
		return Problem{string(e.Kind) + "-forbidden", "the system does not let this program use the " + name, "check the rights of the device; on Linux you may have to be in the group video or audio"}
	case errors.Is(e.Err, capture.ErrNoDevice):
		return Problem{"no-" + string(e.Kind), "there is no " + name, "paravent devices lists what there is"}
	case errors.Is(e.Err, capture.ErrUnplugged):
		return Problem{string(e.Kind) + "-unplugged", name + " was unplugged; it is off now", "plug it in again, or choose another device"}
	case errors.Is(e.Err, capture.ErrStalled):
		return Problem{string(e.Kind) + "-stalled", name + " stopped answering; it is off now", "unplug it and plug it in again"}
	case errors.Is(e.Err, capture.ErrFormat):
		return Problem{string(e.Kind) + "-format", fmt.Sprintf("%s gives no format that can be used: %v", name, e.Err), "choose another device"}
	}
	return Problem{string(e.Kind), fmt.Sprintf("%s: %v", name, e.Err), ""}
}

func ofFile(e *capture.FileError) Problem {
	text := fmt.Sprintf("%s: %v", sfu.Foreign(e.Path).Clean(), e.Err)
	switch {
	case errors.Is(e.Err, capture.ErrFormat):
		return Problem{"file-format", text, "pictures: Y4M, JPEG or PNG; sound: WAV of 8 to 192 kHz, not compressed"}
	case errors.Is(e.Err, os.ErrNotExist):
		return Problem{"no-file", "there is no file " + sfu.Foreign(e.Path).Clean(), "check the name"}
	}
	return Problem{"file", text, "check the name, the rights and the content of the file"}
}

// Ended returns the words for how a call ended.
func Ended(e sfu.Ended) Problem {
	p := map[sfu.EndReason]Problem{
		sfu.Left:       {"left", "you have left the call", ""},
		sfu.Removed:    {"removed", "you were removed from the call", "ask who leads the meeting"},
		sfu.Closed:     {"room-closed", "the meeting was ended for all", ""},
		sfu.Replaced:   {"joined-elsewhere", "the same name has joined from elsewhere, so the server ended this call", "each person needs a link of their own"},
		sfu.ServerDown: {"server-down", "the server was shut down", "try again later"},
		sfu.LinkLost:   {"link-lost", "the connection to the server was lost and could not be mended", "check the network and join again"},
		sfu.Expired:    {"pass-expired", "the pass has expired", "ask whoever sent the link for a new one"},
		sfu.Moved:      {"moved", "the server wants to move you to another room", "join that room by its own link"},
		sfu.Refused:    {"refused", "the server ended the call", "try again, or ask its operator"},
		sfu.Broken:     {"bad-protocol", "the server sent something that makes no sense, so the call was ended", "ask its operator"},
	}[e.Why]
	if p.Code == "" {
		p = Problem{Code: "ended", Text: string(e.Why)}
	}
	if e.Why == sfu.Left {
		return p
	}
	return p.with(e.Detail)
}

// Device names a device for people.
func Device(d capture.Device) string {
	label := sfu.Foreign(d.Label).Clean()
	if label == "" {
		label = sfu.Foreign(d.ID).Clean()
	}
	return string(d.Kind) + " " + label
}
