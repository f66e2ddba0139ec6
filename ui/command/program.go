package command

// A Program is a word of the command line, beside those of a call.
type Program struct {
	Name  string // with the word that it stands behind, such as "policy show"
	Args  string // as shown in help
	Short string
	Long  string
}

// Policy returns the words of paravent policy: the one that holds the others, and
// they.
func Policy() (of Program, words []Program) {
	of = Program{
		Name: "policy", Short: "Say which rules hold, and look for mistakes in a policy",
		Long: `Say which rules hold on this machine, and by whose word: the program's, your
organisation's, your settings file's, or a flag's. What your organisation has set
as mandatory can be made stricter and never weaker; its defaults you may change in
the section [rules] of your settings file.`,
	}
	return of, []Program{{
		Name: "policy show", Short: "Say each rule that holds, and by whose word",
		Long: `Say each rule that holds, its value, and by whose word. With the flags of a call
it says what would hold for that call.

Exit codes: 0 done, 1 error, 2 usage, 5 a policy that cannot be followed.`,
	}, {
		Name: "policy check", Args: "[FILE]", Short: "Look for mistakes in a policy, all at once",
		Long: `Look for mistakes in a policy, each with its line and column. Without FILE that of
this machine is read, and also whether anybody else could have written it.

Exit codes: 0 no mistake, 1 there is no such file, 2 usage, 5 mistakes.`,
	}}
}
