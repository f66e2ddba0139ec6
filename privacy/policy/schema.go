package policy

import (
	"reflect"
	"slices"
)

// A Form is the shape of a key's value.
type Form string

// The forms. In Go they are bool, int64, int64, string, string, string, []string,
// Ports, []Operator and []Host.
const (
	YesNo        Form = "yes or no"
	Number       Form = "number"
	Rate         Form = "rate" // bits per second
	Path         Form = "file"
	Text         Form = "text"
	Choice       Form = "choice"
	Names        Form = "list"
	PortRange    Form = "ports"
	OperatorList Form = "operators"
	HostList     Form = "hosts"
)

// Words are one text in the languages of the documents.
type Words struct{ English, German string }

// A Key is one rule as the file of an organisation, or of a person, says it.
type Key struct {
	Name  string // in the file
	Field string // of Policy
	Group Group
	Form  Form

	Title  Words // a few words
	Does   Words // what it does, in sentences
	Strict Words // which of two values is the stricter one

	Example any // one that asks for more than the program does

	Options     []string // of a Choice, the stricter the later, and of Names, if only these are allowed
	Least, Most int64    // of a Number or a Rate
	check       func(string) error

	// OrganisationOnly says that a person cannot set it, and that it is no default:
	// it gives leave, or speaks in the organisation's name.
	OrganisationOnly bool
	// Adds says that what a layer says is added to what the others say.
	Adds bool
	// Floor says that nobody can weaken what the program asks for by itself.
	Floor bool
	// Unused says that this version has nothing that the key would apply to, which is
	// no weaker than what it asks for.
	Unused bool

	at func(*Policy) any // a pointer to the field
}

// A Group is a heading under which keys stand in the documents.
type Group string

// Find returns the key of a name.
func Find(name string) (Key, bool) {
	for _, k := range Schema() {
		if k.Name == name {
			return k, true
		}
	}
	return Key{}, false
}

// Put sets the key in p to a value of its form. It panics on one of another form.
func (k Key) Put(p *Policy, value any) {
	switch at := k.at(p).(type) {
	case *bool:
		*at = value.(bool)
	case *int64:
		*at = value.(int64)
	case *string:
		*at = value.(string)
	case *[]string:
		*at = value.([]string)
	case *Ports:
		*at = value.(Ports)
	case *[]Operator:
		*at = value.([]Operator)
	case *[]Host:
		*at = value.([]Host)
	case *Keeping:
		*at = Keeping(slices.Index(k.Options, value.(string)))
	}
}

// Get returns the key's value in p. Lists that say nothing are nil.
func (k Key) Get(p Policy) any {
	if at, ok := k.at(&p).(*Keeping); ok {
		return k.Options[*at]
	}
	return reflect.ValueOf(k.at(&p)).Elem().Interface()
}

// Zero is the value that asks for nothing.
func (k Key) Zero() any { return k.Get(Policy{}) }

// Default is the program's own value.
func (k Key) Default() any { return k.Get(Default()) }

// Weaker reports whether value a allows something that b does not.
func (k Key) Weaker(a, b any) bool {
	if k.Adds {
		return false
	}
	var pa, pb Policy
	k.Put(&pa, a)
	k.Put(&pb, b)
	return !k.same(k.Get(Merge(pb, pa)), a)
}

func (k Key) same(a, b any) bool { return reflect.DeepEqual(a, b) }
