package rtc

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// journal hands pion's words to the program's log, all as debugging: they name
// addresses, and nothing in them is for people.
type journal struct{ *slog.Logger }

func (j journal) NewLogger(scope string) logging.LeveledLogger {
	return words{j.Logger, scope}
}

type words struct {
	log   *slog.Logger
	scope string
}

func (w words) say(msg string, args ...any) {
	if w.log == nil || !w.log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	if len(args) > 0 {
		msg = fmt.Sprintf(msg, args...)
	}
	w.log.Debug(msg, "scope", w.scope)
}

func (w words) Trace(string)                   {}
func (w words) Tracef(string, ...any)          {}
func (w words) Debug(string)                   {}
func (w words) Debugf(string, ...any)          {}
func (w words) Info(msg string)                { w.say(msg) }
func (w words) Infof(msg string, args ...any)  { w.say(msg, args...) }
func (w words) Warn(msg string)                { w.say(msg) }
func (w words) Warnf(msg string, args ...any)  { w.say(msg, args...) }
func (w words) Error(msg string)               { w.say(msg) }
func (w words) Errorf(msg string, args ...any) { w.say(msg, args...) }
