package sfu

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"paravent/privacy/secret"
)

// A Recogniser tells whether the server of a page is of one kind. Connectors bring
// theirs; kinds that are known, but cannot be joined, have nothing else.
//
// Two rules keep it polite. It asks only what tells its own kind from others, and
// nothing that joins, makes a room or a pass, or needs one. And it believes an
// answer only for what no page that answers everything with itself would say.
type Recogniser interface {
	// Kind is the word of the connector, such as "livekit".
	Kind() string

	// Title is what people call it, such as "LiveKit".
	Title() string

	// Form is what a link looks like that names this kind, in capitals what is to
	// be filled in; empty where none can be joined.
	Form() string

	// Fit says, without asking, how well the form of the link fits this kind.
	Fit(p Page) Fit

	// Probe asks the server, and reports whether it is of this kind. That there is
	// no answer is no error: the asker knows it.
	Probe(ctx context.Context, p Page, a *Asker) (Found, bool)
}

// An Usher is a recogniser of pages that give the way in to whoever says a name.
type Usher interface {
	// Usher says a name to the page, and returns the link in the form that the
	// connector reads. It may lead to another server, which the caller decides
	// about. What the page refuses is a *JoinError.
	Usher(ctx context.Context, p Page, a *Asker, name string) (secret.Secret, error)
}

// A Fit is how well the form of a link fits a kind. The best are asked first.
type Fit int

// The fits.
const (
	NoFit  Fit = iota // no link of this kind looks so: it is not asked
	MayFit            // any link might
	FitsWell
	FitsOnly // nothing else looks so
)

// Found is what is known of a server before anybody joins.
type Found struct {
	Kind, Title string  // of the recogniser; Recognise sets them
	Version     Foreign // as the server says; empty if it does not
	Room        Foreign // as the server, or the link, names it

	// Link is the link in the form that the connector reads. It is empty for a kind
	// that cannot be joined, and where only an Usher has it.
	Link   secret.Secret
	Usher  bool // the page gives the link to whoever says a name
	Closed bool // has no open protocol, so that it will never be joined

	EndToEnd EndToEnd
	Relays   []string // hosts of the STUN and TURN servers that it named
	Hosts    []string // others that it named
}

// EndToEnd is whether pictures and sound can be encrypted from person to person,
// so that the server cannot read them.
type EndToEnd string

// What a kind offers.
const (
	EndToEndUnknown  EndToEnd = ""
	EndToEndNever    EndToEnd = "never"    // the kind has none
	EndToEndPossible EndToEnd = "possible" // if all who join turn it on
	EndToEndRequired EndToEnd = "required" // the link says that this meeting has it
)

// recogniseTime bounds all the questions to one server.
const recogniseTime = 15 * time.Second

// Recognise asks the server of p what it is, the kinds with the best fit first, and
// where none says yes for the page itself, without the query of its link. It returns
// why the server cannot be asked, or an *UnknownPageError.
func Recognise(ctx context.Context, p Page, a *Asker, kinds []Recogniser) (Found, error) {
	ctx, cancel := context.WithTimeout(ctx, recogniseTime)
	defer cancel()
	type candidate struct {
		Recogniser
		fit Fit
	}
	var all []candidate
	for _, k := range kinds {
		if fit := k.Fit(p); fit != NoFit {
			all = append(all, candidate{k, fit})
		}
	}
	slices.SortStableFunc(all, func(x, y candidate) int { return cmp.Compare(y.fit, x.fit) })
	for _, k := range all {
		f, ok := k.Probe(ctx, p, a)
		if ok {
			f.Kind, f.Title = k.Kind(), k.Title()
			return f, nil
		}
		if a.final || ctx.Err() != nil {
			break
		}
	}
	// What the link says to the kinds is not all that it may be: a page that only
	// sends on says so.
	a.Get(ctx, p.Path())
	if err := a.Err(); err != nil {
		return Found{}, fmt.Errorf("ask %s: %w", p.Server(), err)
	}
	e := &UnknownPageError{Server: p.Server(), Elsewhere: a.Elsewhere()}
	e.Known, e.Forms = Joinable(kinds)
	return Found{}, e
}

// Joinable returns the titles of the kinds that can be joined, and what their links
// look like.
func Joinable(kinds []Recogniser) (titles, forms []string) {
	for _, k := range kinds {
		if k.Form() != "" {
			titles, forms = append(titles, k.Title()), append(forms, k.Form())
		}
	}
	return titles, forms
}

// An UnknownPageError is a server that answers, but as none of the known kinds.
type UnknownPageError struct {
	Server       string
	Elsewhere    []string // where it wanted to send us
	Known, Forms []string // what can be joined, and with what links
}

func (e *UnknownPageError) Error() string {
	return fmt.Sprintf("%s is no meeting of a known kind (%s)", e.Server, strings.Join(e.Known, ", "))
}

// A SentElsewhereError is a page that leads to a server which the link does not
// name.
type SentElsewhereError struct{ Page, Server string }

func (e *SentElsewhereError) Error() string {
	return fmt.Sprintf("the page of %s leads to another server, %s", e.Page, Foreign(e.Server).Clean())
}

// A NotYetError is a kind that is known, but cannot be joined.
type NotYetError struct {
	Server, Kind, Title string
	Closed              bool     // and never will, for there is no open protocol
	Known               []string // what can be joined
}

func (e *NotYetError) Error() string {
	return fmt.Sprintf("%s is %s, which cannot be joined", e.Server, e.Title)
}
