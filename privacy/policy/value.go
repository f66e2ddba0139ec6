package policy

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what a file can say.
const (
	mostText  = 1000 // runes
	mostItems = 500  // of a list
)

// Read turns what a file says into a value of the key's form. raw is as a decoder
// of TOML, of the registry or of a property list gives it: bool, int64, string,
// []any, []string or map[string]any. The error says what is expected, in words.
func (k Key) Read(raw any) (any, error) {
	switch k.Form {
	case YesNo:
		v, ok := raw.(bool)
		if !ok {
			return nil, wants("true or false", raw)
		}
		return v, nil
	case Number:
		v, ok := raw.(int64)
		if !ok {
			return nil, wants("a whole number", raw)
		}
		return v, k.within(v)
	case Rate:
		v, err := readRate(raw)
		if err != nil {
			return nil, err
		}
		return v, k.within(v)
	case Path:
		return readText(raw, checkPath)
	case Text:
		return readText(raw, checkText)
	case Choice:
		return readText(raw, k.checkOption)
	case Names:
		return k.readNames(raw)
	case PortRange:
		return readPorts(raw)
	case OperatorList:
		return readOperators(raw)
	case HostList:
		return readHosts(raw)
	}
	return nil, errors.New("this kind of key is not known")
}

// Write is value as people read it; empty is nothing.
func (k Key) Write(value any) string {
	switch v := value.(type) {
	case bool:
		return strconv.FormatBool(v)
	case int64:
		if v == 0 {
			return ""
		}
		if k.Form == Rate {
			return writeRate(v)
		}
		return strconv.FormatInt(v, 10)
	case string:
		return v
	case Ports:
		return v.String()
	case []string:
		return list(v == nil, v)
	case []Operator:
		names := make([]string, 0, len(v))
		for _, o := range v {
			names = append(names, strings.Join(slices.DeleteFunc([]string{strings.Join(o.Hosts, " "), o.Name, o.Jurisdiction, o.Notice}, func(s string) bool { return s == "" }), " | "))
		}
		return list(v == nil, names)
	case []Host:
		names := make([]string, 0, len(v))
		for _, h := range v {
			names = append(names, h.Name+" | "+h.Purpose)
		}
		return list(v == nil, names)
	}
	return fmt.Sprint(value)
}

func list(nothing bool, items []string) string {
	if !nothing && len(items) == 0 {
		return "none"
	}
	return strings.Join(items, ", ")
}

// wants is the error of a value of another form.
func wants(what string, raw any) error {
	return fmt.Errorf("must be %s, not %s", what, shape(raw))
}

func shape(raw any) string {
	switch raw := raw.(type) {
	case bool:
		return strconv.FormatBool(raw)
	case int64:
		return "the number " + strconv.FormatInt(raw, 10)
	case float64:
		return "a number with a fraction"
	case string:
		return "the text " + quote(raw)
	case []any, []string:
		return "a list"
	case map[string]any:
		return "a table"
	case nil:
		return "a value of another kind"
	}
	return "a date or a time"
}

// quote shows a text without what could harm a terminal, and not all of a long one.
func quote(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}

func (k Key) within(v int64) error {
	if v < k.Least || v > k.Most {
		return fmt.Errorf("must be from %s to %s, not %d", k.Write(k.Least), k.Write(k.Most), v)
	}
	return nil
}

func readRate(raw any) (int64, error) {
	const want = `bits a second, such as "128k" or "2M"`
	if v, ok := raw.(int64); ok {
		return v, nil
	}
	s, ok := raw.(string)
	if !ok {
		return 0, wants(want, raw)
	}
	digits, unit := s, int64(1)
	switch {
	case strings.HasSuffix(s, "k"):
		digits, unit = s[:len(s)-1], 1000
	case strings.HasSuffix(s, "M"):
		digits, unit = s[:len(s)-1], 1_000_000
	}
	v, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || v > math.MaxInt64/1_000_000 {
		return 0, wants(want, raw)
	}
	return int64(v) * unit, nil //nolint:gosec // 32 bits by ParseUint
}

func writeRate(v int64) string {
	switch {
	case v%1_000_000 == 0:
		return strconv.FormatInt(v/1_000_000, 10) + "M"
	case v%1000 == 0:
		return strconv.FormatInt(v/1000, 10) + "k"
	}
	return strconv.FormatInt(v, 10)
}

func readText(raw any, check func(string) error) (any, error) {
	s, ok := raw.(string)
	if !ok {
		return nil, wants("a text", raw)
	}
	return s, check(s)
}

// plain refuses what is no text for one line.
func plain(s string) error {
	switch {
	case s == "":
		return errors.New("must not be empty")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unprintable):
		return errors.New("has a control character, or is no UTF-8")
	case utf8.RuneCountInString(s) > mostText:
		return fmt.Errorf("is longer than %d characters", mostText)
	}
	return nil
}

func unprintable(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }

func checkText(s string) error { return plain(strings.ReplaceAll(s, "\n", " ")) }

// checkPath wants a whole path, of any system: what a relative one means would be
// for the person to say.
func checkPath(s string) error {
	if err := plain(s); err != nil {
		return err
	}
	drive := len(s) > 2 && unicode.IsLetter(rune(s[0])) && s[1] == ':' && (s[2] == '\\' || s[2] == '/')
	if s[0] != '/' && !drive && !strings.HasPrefix(s, `\\`) {
		return fmt.Errorf("must be a whole path, from the root on, not %s", quote(s))
	}
	return nil
}

func (k Key) checkOption(s string) error {
	if !slices.Contains(k.Options, s) {
		return fmt.Errorf("must be one of %s, not %s", strings.Join(k.Options, ", "), quote(s))
	}
	return nil
}

func (k Key) readNames(raw any) (any, error) {
	items, err := texts(raw)
	if err != nil {
		return nil, err
	}
	for _, s := range items {
		switch {
		case k.Options != nil:
			err = k.checkOption(s)
		case k.check != nil:
			err = k.check(s)
		default:
			err = plain(s)
		}
		if err != nil {
			return nil, fmt.Errorf("the list: each %w", err)
		}
	}
	slices.Sort(items)
	return slices.Compact(items), nil
}

// texts are the texts of a list, which is never nil.
func texts(raw any) ([]string, error) {
	out := []string{}
	switch raw := raw.(type) {
	case []string:
		out = append(out, raw...)
	case []any:
		for _, v := range raw {
			s, ok := v.(string)
			if !ok {
				return nil, wants("a list of texts, with nothing else in it", v)
			}
			out = append(out, s)
		}
	default:
		return nil, wants("a list of texts", raw)
	}
	if len(out) > mostItems {
		return nil, fmt.Errorf("has more than %d items", mostItems)
	}
	return out, nil
}

func checkIssuer(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || checkHost(u.Hostname()) != nil {
		return fmt.Errorf("must be an address such as https://login.example, not %s", quote(s))
	}
	return nil
}

// checkHost wants a host name or an address, in lower case.
func checkHost(s string) error {
	bad := func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-.:", r) }
	const longest = 253 // RFC 1035, section 2.3.4, as text
	if s == "" || len(s) > longest || strings.ContainsFunc(s, bad) || strings.Contains(s, "..") || strings.Trim(s, ".") == "" {
		return fmt.Errorf("must be a host, such as meet.example in lower case, not %s", quote(s))
	}
	return nil
}

func readPorts(raw any) (any, error) {
	const want = `ports from 1024 on, such as "50000-50100" or "50000"`
	s, ok := raw.(string)
	if !ok {
		return nil, wants(want, raw)
	}
	from, to, two := strings.Cut(s, "-")
	if !two {
		to = from
	}
	a, err1 := strconv.ParseUint(from, 10, 16)
	b, err2 := strconv.ParseUint(to, 10, 16)
	if err1 != nil || err2 != nil || a < 1024 || b < a {
		return nil, wants(want, raw)
	}
	return Ports{uint16(a), uint16(b)}, nil
}

// rows are the tables of a list. Where there are no tables, as in the registry, a
// row is a line with " | " between the columns.
func rows(raw any, columns []string, manyIn string) ([]map[string]any, error) {
	var out []map[string]any
	switch raw := raw.(type) {
	case []map[string]any:
		out = raw
	case []any:
		for _, v := range raw {
			m, ok := v.(map[string]any)
			if !ok {
				return nil, wants("a list of tables, with nothing else in it", v)
			}
			out = append(out, m)
		}
	case []string:
		for _, line := range raw {
			m := make(map[string]any)
			cells := strings.Split(line, "|")
			if len(cells) > len(columns) {
				return nil, fmt.Errorf("the line %s has more than %d columns", quote(line), len(columns))
			}
			for i, c := range cells {
				if c = strings.TrimSpace(c); columns[i] == manyIn {
					m[columns[i]] = strings.Fields(c)
				} else if c != "" {
					m[columns[i]] = c
				}
			}
			out = append(out, m)
		}
	default:
		return nil, wants("a list of tables", raw)
	}
	if len(out) > mostItems {
		return nil, fmt.Errorf("has more than %d items", mostItems)
	}
	for i, m := range out {
		for name := range m {
			if !slices.Contains(columns, name) {
				return nil, fmt.Errorf("table %d: there is no %s here, only %s", i+1, quote(name), strings.Join(columns, ", "))
			}
		}
	}
	return out, nil
}

// cell reads one text of a row; empty if it is missing.
func cell(m map[string]any, name string) (string, error) {
	v, ok := m[name]
	if !ok {
		return "", nil
	}
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("%s %w", name, wants("a text", v))
	}
	if err := plain(s); err != nil {
		return "", fmt.Errorf("%s %w", name, err)
	}
	return s, nil
}

func readOperators(raw any) (any, error) {
	tables, err := rows(raw, []string{"hosts", "name", "jurisdiction", "notice"}, "hosts")
	if err != nil {
		return nil, err
	}
	all := []Operator{}
	for i, m := range tables {
		o, err := readOperator(m)
		if err != nil {
			return nil, fmt.Errorf("table %d: %w", i+1, err)
		}
		all = append(all, o)
	}
	return all, nil
}

func readOperator(m map[string]any) (o Operator, err error) {
	hosts, ok := m["hosts"]
	if !ok {
		return o, errors.New("hosts is missing")
	}
	if o.Hosts, err = texts(hosts); err != nil {
		return o, fmt.Errorf("hosts %w", err)
	}
	if len(o.Hosts) == 0 {
		return o, errors.New("hosts has no host in it")
	}
	for _, h := range o.Hosts {
		if err := checkHost(h); err != nil {
			return o, fmt.Errorf("hosts: each %w", err)
		}
	}
	for _, c := range []struct {
		name string
		to   *string
	}{{"name", &o.Name}, {"jurisdiction", &o.Jurisdiction}, {"notice", &o.Notice}} {
		if *c.to, err = cell(m, c.name); err != nil {
			return o, err
		}
	}
	return o, nil
}

// purposes are what a host may be spoken to for.
func purposes() []string { return []string{"signalling", "media", "sign-in"} }

func readHosts(raw any) (any, error) {
	tables, err := rows(raw, []string{"host", "purpose"}, "")
	if err != nil {
		return nil, err
	}
	all := []Host{}
	for i, m := range tables {
		h, err := readHost(m)
		if err != nil {
			return nil, fmt.Errorf("table %d: %w", i+1, err)
		}
		all = append(all, h)
	}
	slices.SortFunc(all, compareHosts)
	return slices.Compact(all), nil
}

func readHost(m map[string]any) (h Host, err error) {
	if h.Name, err = cell(m, "host"); err != nil {
		return h, err
	}
	if h.Purpose, err = cell(m, "purpose"); err != nil {
		return h, err
	}
	if err := checkHost(h.Name); err != nil || h.Name[0] == '.' {
		return h, fmt.Errorf("host must be one host, such as turn.example in lower case, not %s", quote(h.Name))
	}
	if !slices.Contains(purposes(), h.Purpose) {
		return h, fmt.Errorf("purpose must be one of %s, not %s", strings.Join(purposes(), ", "), quote(h.Purpose))
	}
	return h, nil
}
