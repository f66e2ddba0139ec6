package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/term"

	"paravent/cmd/internal/config"
	"paravent/cmd/internal/shield"
	"paravent/media/budget"
	"paravent/media/call"
	"paravent/media/codec"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/parcel"
	"paravent/privacy/policy"
	"paravent/privacy/seal"
	"paravent/privacy/seal/jframe"
	"paravent/privacy/secret"
	"paravent/ui/line"
	"paravent/ui/prompt"
	"paravent/ui/say"
	"paravent/ui/tui"
	"paravent/ui/view"
	"paravent/ui/window"
)

// joinTime bounds how long entering a room may take.
const joinTime = 20 * time.Second

// join is one call from the link to the end. chosen is what was said for this
// call; settings names the devices that are used when one is opened later; rules hold.
func join(ctx context.Context, link string, chosen, settings config.Join, rules policy.Policy) (err error) {
	began := time.Now()
	net := newNetwork()
	link, err = askLink(ctx, link)
	if err != nil {
		return err
	}
	given, err := readPass(chosen)
	if err != nil {
		return err
	}
	keys := openKeys(chosen.Remember, rules)
	defer keys.store.Close()
	limit, err := limitOf(chosen, rules)
	if err != nil {
		return err
	}
	speech, seen := budget.Shares(limit.Up)
	net.guard.Bound(egress.Bounds{Up: limit.Up, Down: limit.Down, Urgent: speech, Patient: seen})
	where, err := net.find(ctx, link, visitor{name: chosen.Name, server: chosen.Server}, rules)
	if err != nil {
		return err
	}
	if said := sfu.Foreign(rules.Notice).Clean(); said != "" {
		fmt.Fprintf(os.Stderr, "paravent: %s\n", say.English().Notice(string(call.Organisation), said))
	}
	if where.page != "" {
		fmt.Fprintf(os.Stderr, "paravent: %s\n", say.Leads(where.page, where.room.Server, where.is))
	}
	if err := rules.MayReach(hostname(where.room.Server)); err != nil {
		return err // before anybody is asked for a pass
	}
	held, err := net.passFor(ctx, where, given, keys, link, signIns{settings.SignIn, rules})
	if err != nil {
		return err
	}
	how, err := encryption(chosen, rules, where, held.passphrase)
	if err != nil {
		return err
	}
	if keys, ok := how.Keys(); ok {
		defer keys.Close()
	}
	files, closeFiles, err := shelfAt(chosen.Files, rules)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeFiles()) }()
	log := slog.New(slog.DiscardHandler)
	m, err := newMachine(ctx, inCall, chosen, settings, rules, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	if err := m.tryOut(ctx, chosen); err != nil {
		return err
	}
	var c *call.Call
	kept, lost := keepReceipt(ctx, keys, chosen, where, rules)
	switch {
	case lost != nil && rules.Receipts:
		return lost
	case lost != nil:
		m.lost = append(m.lost, lost)
	case kept != nil:
		writing, stop := context.WithCancel(ctx)
		defer stop()
		go writeFlows(writing, kept, net.guard)
		defer func() { err = errors.Join(err, kept.End(endWord(c), flows(net.guard))) }()
	}

	figures, err := openStats(chosen.Stats, net.guard.Traffic)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, net.guard.Close(), figures.end(net.guard.Traffic()), figures.close())
	}()

	defer net.watch(context.WithoutCancel(ctx), log)()
	enter := func() (*sealed.Session, error) {
		return net.join(ctx, where, entry{held.Pass, pictures(chosen), how, files}, rules, log)
	}
	session, err := enter()
	if no := (*sfu.JoinError)(nil); errors.As(err, &no) && no.Why == sfu.PassMissing {
		if held.Token, err = askPass(ctx, err); err == nil {
			held.given = true
			session, err = enter()
		}
	}
	if err != nil {
		return err
	}
	if chosen.Remember {
		keys.remember(ctx, held)
	}
	gathering, err := gather(ctx, session, how, chosen.Name, keys.store, rules)
	if err != nil {
		return err
	}
	c = call.New(session, call.Settings{
		Server: where.room.Server, Camera: deviceOf(chosen.Camera, settings.Camera), Screen: chosen.Screen,
		Wish: m.wish, Codec: codec.Name(chosen.Codec), Sound: m.sound, Policy: rules,
		Background: m.background, Gate: m.gate,
		StartCamera: chosen.Camera != "off", StartMicrophone: chosen.Microphone != "off" && !chosen.Push(),
		PushToTalk: chosen.Push(), Confidential: chosen.Confidential,
		Limit: limit, AwayMutes: chosen.Away == "mute", Diary: diaryOf(kept), Gathering: gathering, Began: began,
	}, m.equipment)
	return attend(ctx, c, m, figures, chosen)
}

// limitOf is how much may go over the wire: what the person and the policy say, the
// stricter of both in each direction.
func limitOf(chosen config.Join, rules policy.Policy) (budget.Limit, error) {
	l, err := config.ParseBudget(chosen.Budget)
	return l.Stricter(budget.Limit{Up: int(rules.MostUp), Down: int(rules.MostDown)}), err
}

// attend shows c in a face until it has ended.
func attend(ctx context.Context, c *call.Call, m *machine, figures *stats, chosen config.Join) error {
	stay, leave := context.WithCancel(ctx)
	defer leave()
	if chosen.For > 0 {
		t := time.AfterFunc(chosen.For, leave)
		defer t.Stop()
	}
	measured := make(chan struct{})
	go func() {
		defer close(measured)
		figures.follow(stay, c)
	}()
	inRoom := make(chan error, 1)
	go func() { inRoom <- c.Run(afterwards(stay, measured)) }()
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		m.announce(stay, c)
	}()
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		if chosen.Watch == "all" {
			watchAll(stay, c)
		}
	}()

	// The face stays until the call has ended, also when it is being left.
	shown := show(context.WithoutCancel(ctx), c, chosen)
	leave()
	err := <-inRoom
	<-followed
	<-measured
	<-watching
	return errors.Join(err, shown, ending(ctx, c))
}

// lastFigures bounds how long leaving waits for the last figures of the call.
const lastFigures = 200 * time.Millisecond

// afterwards returns a context that ends soon after ctx: when the last figures
// are written, which a call that is being left no longer has.
func afterwards(ctx context.Context, measured <-chan struct{}) context.Context {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer cancel()
		<-ctx.Done()
		select {
		case <-measured:
		case <-time.After(lastFigures):
		}
	}()
	return later
}

// ending turns how the call ended into the program's end.
func ending(ctx context.Context, c *call.Call) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if e := c.State().Ended; e != nil && e.Why != sfu.Left {
		return &endedError{*e}
	}
	return nil
}

func show(ctx context.Context, c *call.Call, chosen config.Join) error {
	o := line.Options{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, JSON: chosen.Face == string(config.JSON)}
	f := face(chosen.Face)
	if f == config.Window {
		return window.Run(ctx, c, window.Options{})
	}
	if f == config.Terminal {
		err := withRescue(func() error {
			return tui.Run(ctx, c, tui.Options{In: os.Stdin, Out: os.Stdout, Env: os.Environ()})
		})
		switch {
		case errors.Is(err, tui.ErrHurried):
			return nil
		case !errors.Is(err, tui.ErrDumb):
			return err
		}
	}
	return line.Run(ctx, c, o)
}

// face chooses the face for the place where the program runs.
func face(word string) config.Face {
	if f := config.Face(word); f != config.Auto {
		return f
	}
	if term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd())) {
		return config.Terminal
	}
	return config.Line
}

func askLink(ctx context.Context, link string) (string, error) {
	if fromEnv := shield.TakeEnv(envLink); link == "" {
		link = fromEnv
	}
	if link != "" {
		return link, nil
	}
	link, err := prompt.Secret(ctx, "Link to the meeting")
	if errors.Is(err, prompt.ErrNobody) || err == nil && link == "" {
		return "", &usageError{errors.New("which meeting? Give the link, or put it into " + envLink)}
	}
	return link, err
}

// askPass asks for the pass that a server wants. Where nobody can be asked, it
// returns why there was one to be asked for.
func askPass(ctx context.Context, why error) (secret.Secret, error) {
	pass, err := prompt.Secret(ctx, "Pass (token) for this room")
	if errors.Is(err, prompt.ErrNobody) || err == nil && pass == "" {
		return secret.Secret{}, why
	}
	return secret.New(pass), err
}

// pictures are the codecs that can be sent, the chosen one first.
func pictures(chosen config.Join) []codec.Name {
	all := []codec.Name{codec.Name(chosen.Codec)}
	for _, name := range []codec.Name{codec.VP8, codec.H264} {
		if c, ok := codecs().Find(name); ok && c.NewEncoder != nil && name != all[0] {
			all = append(all, name)
		}
	}
	return all
}

// encryption is how a call is encrypted from end to end. With a passphrase nothing
// plain is sent or shown, unless the person says that it may be and the policy lets them;
// so a room that carries none is not even entered.
func encryption(chosen config.Join, rules policy.Policy, where place, passphrase secret.Secret) (seal.Encryption, error) {
	switch {
	case asGroup(chosen, rules):
		return groupEncryption(chosen, where)
	case passphrase.Empty() && chosen.PassphraseFile != "":
		return seal.Encryption{}, &usageError{fmt.Errorf("there is no passphrase in %s", chosen.PassphraseFile)}
	case passphrase.Empty() && (chosen.Encryption == config.Required || rules.EndToEnd):
		return seal.Encryption{}, sealed.ErrNotChosen
	case passphrase.Empty():
		return seal.None(), nil
	}
	required := chosen.Encryption != config.Offered || rules.EndToEnd
	if required && !sfu.TraitsOf(where.kind).Sealed {
		return seal.Encryption{}, sealed.ErrServerPlain
	}
	keys, err := jframe.NewShared(jframe.LiveKit(), passphrase)
	if err != nil {
		return seal.Encryption{}, err
	}
	if required {
		return seal.Required(keys), nil
	}
	return seal.Offered(keys), nil
}

// A shelf puts files that others send into a folder.
type shelf struct{ box *parcel.Box }

func (s shelf) Take(f sfu.File) (sfu.Incoming, error) {
	p, err := s.box.Take(string(f.Name), f.Size)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// shelfAt opens the folder for what others send; without one nothing is taken.
func shelfAt(folder string, rules policy.Policy) (s sfu.Shelf, closeIt func() error, err error) {
	if folder == "" || rules.NoFiles {
		return nil, func() error { return nil }, nil
	}
	box, err := parcel.NewBox(folder)
	if err != nil {
		return nil, nil, err
	}
	return shelf{box}, box.Close, nil
}

// watchAll watches every picture without showing it.
func watchAll(ctx context.Context, c view.Call) {
	watched := make(map[sfu.TrackID]bool)
	every := time.NewTicker(100 * time.Millisecond) // Changed is the face's to read
	defer every.Stop()
	for {
		for _, t := range c.State().Tracks {
			if !t.Source.IsSound() && !watched[t.ID] {
				watched[t.ID] = true
				c.Watch(t.ID, sfu.View{Width: max(t.Width, 640), Height: max(t.Height, 360)}, call.Nothing())
			}
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}
