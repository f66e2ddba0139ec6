package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"paravent/cmd/internal/config"
	"paravent/cmd/internal/shield"
	"paravent/media/capture"
	"paravent/media/capture/pattern"
	"paravent/media/frame"
	"paravent/media/soundcard"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
	"paravent/ui/say"
)

func newDoctor(book rulebook) *cobra.Command {
	d := &doctor{book: book}
	cmd := &cobra.Command{
		Use:   "doctor [LINK]",
		Short: "Say what is wrong with this machine, and what to do",
		Long: `Look at settings, devices, filters, receipts and proxy, open no device and ask nobody.
With the LINK of a meeting its server, and nobody else, is asked as well: name,
encryption, certificate, clock and kind. Nothing is joined.

Exit codes: 0 nothing is bad, 1 something is, 2 usage, 5 refused by policy.`,
		Args: oneLink,
		RunE: func(cmd *cobra.Command, args []string) error {
			link := cmp.Or(linkOf(args), shield.TakeEnv(envLink))
			d.out = cmd.OutOrStdout()
			return d.run(cmd.Context(), link)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&d.asJSON, "json", false, "one object a line")
	f.BoolVar(&d.share, "share", false, "for somebody else to read: without the names of servers, devices, files and you")
	return cmd
}

// A doctor is one run of the command.
type doctor struct {
	book          rulebook
	asJSON, share bool
	out           io.Writer
	private       []string // what does not go to somebody else
	bad           int
}

// A doctorError says that something is bad, which was told.
type doctorError struct{ bad int }

func (e *doctorError) Error() string { return fmt.Sprintf("%d of these are bad", e.bad) }

func (d *doctor) run(ctx context.Context, link string) error {
	d.hideSelf()
	rules, broken := policy.Resolve(), error(nil)
	if layers, err := d.book.office.Read(); err != nil {
		broken = err
	} else {
		rules = policy.Resolve(layers...)
	}
	all := slices.Concat([]say.Finding{d.settings(), say.DoctorPolicy(rules, broken), receiptsFinding()}, d.devices(ctx), []say.Finding{pictureFinding(ctx), proxyFinding()})
	switch {
	case broken != nil: // nothing may be asked
	case link == "":
		all = append(all, say.DoctorNoLink())
	default:
		asked, err := d.server(ctx, link, rules.Policy)
		if err != nil {
			return err
		}
		all = append(all, asked...)
	}
	for _, f := range all {
		if err := d.tell(f); err != nil {
			return err
		}
	}
	if d.bad > 0 {
		return &doctorError{d.bad}
	}
	return nil
}

// tell writes f down, without what is private if it goes to somebody else.
func (d *doctor) tell(f say.Finding) error {
	if f.Grade == say.Bad {
		d.bad++
	}
	if d.share {
		for _, secret := range d.private {
			f.Text = strings.ReplaceAll(f.Text, secret, "(…)")
			f.Hint = strings.ReplaceAll(f.Hint, secret, "(…)")
		}
	}
	if d.asJSON {
		return json.NewEncoder(d.out).Encode(map[string]string{"check": f.Check, "grade": string(f.Grade), "code": f.Code, "text": f.Text, "hint": f.Hint})
	}
	_, err := fmt.Fprintln(d.out, f.Line())
	return err
}

// hide keeps words from whoever gets what --share writes; the longest goes first.
func (d *doctor) hide(words ...string) {
	for _, w := range words {
		if len(w) > 1 {
			d.private = append(d.private, w)
		}
	}
	slices.SortFunc(d.private, func(a, b string) int { return len(b) - len(a) })
}

func (d *doctor) hideSelf() {
	if home, err := os.UserHomeDir(); err == nil {
		d.hide(home)
	}
	if u, err := user.Current(); err == nil {
		d.hide(u.Username, u.Name)
	}
	if host, err := os.Hostname(); err == nil {
		d.hide(host)
	}
	d.hide(config.Path())
}

func (d *doctor) settings() say.Finding {
	err := d.book.broken
	if err == nil {
		err = d.book.person.Join.Choices()
	}
	if file, choice, thin := (*config.FileError)(nil), (*config.ChoiceError)(nil), (*config.BudgetError)(nil); errors.As(err, &file) || errors.As(err, &choice) || errors.As(err, &thin) {
		return say.Finding{Check: "settings", Grade: say.Bad, Problem: say.Problem{Code: "settings-file", Text: err.Error(), Hint: "mend the settings file or remove it"}}
	}
	if err != nil {
		return say.Failed("settings", say.Bad, err)
	}
	_, err = os.Stat(config.Path())
	return say.DoctorSettings(config.Path(), err == nil)
}

func receiptsFinding() say.Finding {
	f, err := receipts().Verify()
	if err != nil {
		return say.Failed("receipts", say.Odd, err)
	}
	return say.DoctorReceipts(len(f.Calls), f.Good())
}

// devices looks for what could be opened.
func (d *doctor) devices(ctx context.Context) []say.Finding {
	byKind := make(map[capture.Kind][]capture.Device)
	for _, f := range []capture.Finder{cameras(), soundcard.Finder{}} {
		found, _ := f.Devices(ctx) // that there is none is what is said
		for _, dev := range found {
			if dev.ID == pattern.Name {
				continue // which needs no camera
			}
			byKind[dev.Kind] = append(byKind[dev.Kind], dev)
			d.hide(dev.Label, dev.ID)
		}
	}
	var out []say.Finding
	for _, kind := range []capture.Kind{capture.CameraKind, capture.MicrophoneKind, capture.SpeakerKind, capture.ScreenKind} {
		out = append(out, say.DoctorDevices(kind, byKind[kind]))
	}
	return out
}

// samples is how many pictures the filter is tried with.
const samples = 60

// pictureFinding puts test pictures through the filter of a call.
func pictureFinding(ctx context.Context) say.Finding {
	chain, err := newCameraChain(string(config.Blur), policy.Default())
	if err != nil {
		return say.Failed("processor", say.Bad, err)
	}
	video, err := chain.make(overFile)
	if err != nil {
		return say.Failed("processor", say.Bad, err)
	}
	defer video.Close()
	wish := pattern.Wish()
	wish.Width, wish.Height, wish.FPS = 640, 360, 30
	still, err := pattern.Open(wish).Next(ctx)
	if err != nil {
		return say.Failed("processor", say.Bad, err)
	}
	defer still.Release()
	pool := frame.NewPool(wish.Width, wish.Height)
	took, wall := make([]time.Duration, samples), make([]time.Duration, samples)
	for i := range took {
		p := pool.Get(time.Duration(i) * time.Second / 30)
		p.CopyFrom(still)
		cleared, err := video.Clear(p)
		if held := (*filter.HeldError)(nil); err != nil && !errors.As(err, &held) { // nobody is in the picture
			return say.Failed("processor", say.Bad, err)
		}
		cleared.Release()
		work := video.Worked()
		took[i], wall[i] = cmp.Or(work.CPU, work.Wall), work.Wall // where the system does not say
	}
	slices.Sort(took)
	slices.Sort(wall)
	return say.DoctorPictures(wish.Width, wish.Height, wish.FPS, took[samples*9/10], wall[samples*9/10])
}

func proxyFinding() say.Finding {
	var named []string
	for _, v := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"} {
		if os.Getenv(v) != "" {
			named = append(named, v)
		}
	}
	return say.DoctorProxy(named)
}

// server asks the server of a link what it is.
func (d *doctor) server(ctx context.Context, link string, rules policy.Policy) ([]say.Finding, error) {
	n := newNetwork()
	card, known, no := n.card(ctx, link, rules)
	if !known {
		return nil, no
	}
	d.hide(card.Server, hostname(card.Server))
	var out []say.Finding
	if no != nil {
		out = append(out, say.Failed("server", say.Bad, no))
	} else {
		out = say.DoctorServer(card)
	}
	if card.Clock != nil {
		out = append(out, say.DoctorClock(*card.Clock))
	}
	return out, nil
}
