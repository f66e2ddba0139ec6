package main

import (
	"flag"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
)

// options is what the command line said, checked.
type options struct {
	port     int
	bind     netip.Addr
	cert     string
	certKey  string
	key      string
	room     string
	guests   []guest
	expires  time.Duration
	duration time.Duration
	json     bool
	stdin    bool
	verbose  bool
}

// guest is one link to print. Hidden guests are not in the roster; a recorder's presence makes the server say that it records.
type guest struct {
	name     string
	hidden   bool
	recorder bool
}

func parse(args []string, diagnostics io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("paravent-room", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	bind := fs.String("bind", "127.0.0.1", "")
	fs.IntVar(&o.port, "port", 7880, "")
	fs.StringVar(&o.cert, "tls-cert", "", "")
	fs.StringVar(&o.certKey, "tls-key", "", "")
	fs.StringVar(&o.key, "key", "", "")
	fs.StringVar(&o.room, "room", "", "")
	fs.DurationVar(&o.expires, "expires", 24*time.Hour, "")
	fs.DurationVar(&o.duration, "for", 0, "")
	fs.BoolVar(&o.json, "json", false, "")
	fs.BoolVar(&o.stdin, "stdin", false, "")
	fs.BoolVar(&o.verbose, "verbose", false, "")
	add := func(g guest) func(string) error {
		return func(name string) error {
			g.name = name
			o.guests = append(o.guests, g)
			return nil
		}
	}
	fs.Func("name", "", add(guest{}))
	fs.Func("hidden", "", add(guest{hidden: true}))
	fs.Func("recorder", "", add(guest{hidden: true, recorder: true}))

	if err := fs.Parse(args); err != nil {
		if err == flag.ErrHelp { //nolint:errorlint // the flag package returns this very value
			_, _ = io.WriteString(diagnostics, usage)
			return o, err
		}
		return o, usagef("%v", err)
	}
	if fs.NArg() > 0 {
		return o, usagef("unknown argument %q", fs.Arg(0))
	}
	addr, err := netip.ParseAddr(*bind)
	if err != nil {
		return o, usagef("--bind wants an IP address of this machine, not %q", *bind)
	}
	o.bind = addr.Unmap()
	return o, o.check()
}

func (o options) check() error {
	switch {
	case o.port < 0 || o.port > 65535:
		return usagef("--port must be between 0 and 65535, not %d", o.port)
	case o.bind.IsUnspecified():
		return usagef("--bind wants one address of this machine, not all of them")
	case o.bind.Zone() != "":
		return usagef("--bind cannot take the link-local address %q", o.bind)
	case (o.cert == "") != (o.certKey == ""):
		return usagef("--tls-cert and --tls-key belong together")
	case !o.bind.IsLoopback() && o.cert == "":
		return problemf(2, "give --tls-cert and --tls-key, or stay on loopback", "a room on %s needs TLS: clients refuse plain connections", o.bind)
	case o.room == "":
		return usagef("--room is missing")
	case len(o.guests) == 0:
		return usagef("nobody is invited: give at least one --name")
	case o.expires <= 0:
		return usagef("--expires must be more than nothing")
	case o.duration < 0:
		return usagef("--for must not be negative")
	}
	if err := checkName("--room", o.room); err != nil {
		return err
	}
	seen := make([]string, 0, len(o.guests))
	for _, g := range o.guests {
		if err := checkName("a name", g.name); err != nil {
			return err
		}
		if slices.Contains(seen, g.name) {
			return usagef("%q is named twice: the second would push the first out of the room", g.name)
		}
		seen = append(seen, g.name)
	}
	return nil
}

// checkName refuses what would break the line `NAME LINK` or a terminal, and what the server would refuse at join.
func checkName(what, name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return usagef("%s is empty", what)
	case len(name) > 256:
		return usagef("%s is longer than 256 bytes", what)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return usagef("%s has characters that cannot be printed", what)
	}
	return nil
}

// usage is the whole help; a test holds it against the flags.
const usage = `paravent-room opens a LiveKit room on this machine and prints a join link per name.

  paravent-room --room NAME --name A [--name B …]

  --room NAME          the room
  --name NAME          a guest; repeatable; prints "NAME LINK"
  --hidden NAME        a guest who is not in the roster
  --recorder NAME      a hidden guest who records: the room says that it is being recorded
  --port PORT          7880; 0 takes a free one
  --bind ADDRESS       127.0.0.1; another address of this machine needs --tls-cert and --tls-key
  --tls-cert FILE, --tls-key FILE
                       certificate and key in PEM, then the links are livekit+wss
  --key FILE           holds "KEY: SECRET", readable by its owner only; without it a fresh secret lives in memory
  --expires DURATION   how long the links are good for: 24h
  --for DURATION       close after it; without it on Ctrl-C
  --json               one JSON object a line
  --stdin              commands from standard input, one a line, answered in JSON:
                       kick NAME, mute NAME SOURCE, recording on, recording off, close
  --verbose            what the server says, on standard error
`
