package main

// catalogue returns all sources.
func catalogue() []Source {
	all := prompts()
	all = append(all, letters()...)
	all = append(all, actors()...)
	all = append(all, volunteers()...)
	all = append(all, synthesizers()...)
	all = append(all, children(all)...)
	all = append(all, surroundings()...)
	return all
}

func prompts() []Source {
	const a = `/asterisk/sounds/.*\.(g722|wav)$`
	return []Source{
		{Name: "ast_en_allison", Split: "train", Kind: "voice", Person: "Allison Smith", Lang: "en", Package: "asterisk-core-sounds-en-g722", Files: a},
		{Name: "ast_es_allison", Split: "train", Kind: "voice", Person: "Allison Smith", Lang: "es", Package: "asterisk-core-sounds-es-g722", Files: a},
		{Name: "ast_fr_june", Split: "train", Kind: "voice", Person: "June Wallack", Lang: "fr", Package: "asterisk-core-sounds-fr-g722", Files: a},
		{Name: "ast_it_carlo", Split: "test", Kind: "voice", Lang: "it", Package: "asterisk-core-sounds-it-g722", Files: a},
		{Name: "ast_ru_ivr", Split: "test", Kind: "voice", Lang: "ru", Package: "asterisk-core-sounds-ru-g722", Files: a},
		{Name: "ast_it_menardi", Split: "val", Kind: "voice", Person: "Paola Dal Zot", Lang: "it", Package: "asterisk-prompt-it-menardi-wav", Files: a},
		{Name: "alsa", Split: "train", Kind: "voice", Lang: "en", Package: "alsa-utils", Files: `/alsa/.*\.wav$`},
		{Name: "gcin_zh_liu", Split: "train", Kind: "voice", Person: "Edward Der-Hua Liu", Lang: "zh", Package: "gcin-voice", Files: `/3\.ogg$`},
		{Name: "gcin_zh_lo", Split: "train", Kind: "voice", Person: "Chu Lo", Lang: "zh", Package: "gcin-voice", Files: `/5\.ogg$`},
		{Name: "ps_librivox", Split: "test", Kind: "voice", Lang: "en", Package: "pocketsphinx-testdata", Files: `librivox/.*\.wav$`},
		{Name: "ps_cards", Split: "test", Kind: "voice", Lang: "en", Package: "pocketsphinx-testdata", Files: `cards/.*\.wav$`},
		{Name: "msu_ru_nsh", Split: "train", Kind: "voice", Person: "Nickolay Shmyrev", Lang: "ru", Package: "festvox-ru", Files: `\.wav$`},
	}
}

// letters are the volunteers of three programs for children, by language: the
// same person may have read for all, so a language lies in one split.
func letters() []Source {
	split := func(lang string) string {
		switch lang {
		case "hu", "he", "el", "gl", "nb", "nn", "en_GB":
			return "test"
		case "sl", "pt_BR", "wa", "lt", "ml", "ar", "bg":
			return "val"
		}
		return "train"
	}
	var all []Source
	for _, l := range []string{"ca", "da", "de", "el", "en", "fr", "ga", "gl", "lt", "nn", "ro", "ru", "sl", "sr", "uk", "wa"} {
		all = append(all, Source{Name: "kt_" + l, Split: split(l), Kind: "voice", Lang: l, Package: "ktuberling-data", Files: `/sounds/` + l + `/`})
	}
	for _, l := range []string{"ar", "cs", "da", "de", "en", "en_GB", "es", "fr", "he", "hu", "it", "lt", "ml", "nb", "nds", "nl", "pt_BR", "ru", "tn", "uk"} {
		all = append(all, Source{Name: "kl_" + l, Split: split(l), Kind: "voice", Lang: l, Package: "klettres-data", Files: `/klettres/` + l + `/.*\.ogg$`})
	}
	for _, l := range []string{"be", "bg", "ca", "da", "el", "es", "fr", "lt", "nl", "ro", "ru"} {
		all = append(all, Source{Name: "tp_" + l, Split: split(l), Kind: "voice", Lang: l, Package: "tuxpaint-stamps-default", Files: `_desc_` + l + `\.ogg$`})
	}
	return all
}

// actors speak in games.
func actors() []Source {
	var all []Source
	add := func(name, split, lang, pack, files string) {
		all = append(all, Source{Name: name, Split: split, Kind: "voice", Lang: lang, Package: pack, Files: files})
	}
	add("fillets_cs_small", "val", "cs", "fillets-ng-data-cs", `/[a-z0-9]+[-_]m[-_][^/]*\.ogg$`)
	add("fillets_cs_big", "val", "cs", "fillets-ng-data-cs", `/[a-z0-9]+[-_]v[-_][^/]*\.ogg$`)
	add("fillets_nl_small", "test", "nl", "fillets-ng-data-nl", `/[a-z0-9]+[-_]m[-_][^/]*\.ogg$`)
	add("fillets_nl_big", "test", "nl", "fillets-ng-data-nl", `/[a-z0-9]+[-_]v[-_][^/]*\.ogg$`)
	for _, v := range []struct{ name, lang string }{
		{"British", "en"},
		{"Classic", "en"},
		{"HillBilly", "en"},
		{"Mobster", "en"},
		{"Pirate", "en"},
		{"Russian", "en"},
		{"Singer", "en"},
		{"Surfer", "en"},
		{"Default", "en"},
		{"Default_es", "es"},
		{"Default_pl", "pl"},
		{"Default_ru", "ru"},
		{"Default_uk", "uk"},
		{"Russian_pl", "pl"},
	} {
		add("hog_"+v.name, "train", v.lang, "hedgewars-data", `/voices/`+v.name+`/[A-NP-Z][^/]*[a-z-]\.ogg$`)
	}
	for _, v := range []string{"carni-lycan", "fricka", "insurrectionist", "marine", "pyria-skadi", "reptilian", "soldier", "specop"} {
		add("nex_"+v, "train", "en", "nexuiz-data", `/player/`+v+`/coms/[^/]*\.ogg$`)
	}
	add("nex_announcer", "train", "en", "nexuiz-data", `/announcer/male/[^/]*\.ogg$`)
	add("nex_tutorial", "train", "en", "nexuiz-data", `/sound/tutorial/[0-9][^/]*\.ogg$`)
	for _, l := range []string{"de", "en", "fr"} {
		add("horizons_"+l, "train", l, "unknown-horizons", `/voice/`+l+`/.*\.ogg$`)
	}
	for _, l := range []string{"de", "fr", "he", "it", "en_US"} {
		add("blupi_"+l, "train", l, "planetblupi-common", `/sound/`+l+`/.*\.wav$`)
	}
	for _, v := range []string{"tutorial", "taunts/taunt1", "taunts/taunt2", "taunts/taunt3", "vtoltalk", "trnsppil", "memressp/cmndrvoc", "coltive"} {
		add("wz_"+v[max(0, len(v)-6):], "train", "en", "warzone2100-data", `/audio/`+v+`/[^/]*\.ogg$`)
	}
	return all
}

// synthesizers speak with the recorded pieces, or the model, of a person's
// voice; the last few with none.
func synthesizers() []Source {
	var all []Source
	add := func(name, split, kind, person, pack, engine, voice, text, coding string) {
		all = append(all, Source{Name: name, Split: split, Kind: kind, Person: person, Lang: text, Package: pack, Say: Say{engine, voice, text, coding}})
	}
	add("flite_slt", "train", "voice", "CMU slt", "flite", "flite", "slt", "en", "")
	add("flite_awb", "test", "voice", "Alan W Black", "flite", "flite", "awb", "en", "")
	add("flite_rms", "val", "voice", "CMU rms", "flite", "flite", "rms", "en", "")
	add("fest_slt", "train", "voice", "CMU slt", "festvox-us-slt-hts", "festival", "voice_cmu_us_slt_arctic_hts", "en", "")
	add("fest_kal", "train", "voice", "Kevin Lenzo", "festvox-kallpc16k", "festival", "voice_kal_diphone", "en", "")
	add("fest_ked", "train", "voice", "Kurt Dusterhoff", "festvox-kdlpc16k", "festival", "voice_ked_diphone", "en", "")
	add("fest_cs_dita", "test", "voice", "dita", "festvox-czech-dita", "festival", "voice_czech_dita", "cs", "ISO-8859-2")
	add("fest_cs_krb", "test", "child", "krb", "festvox-czech-krb", "festival", "voice_czech_krb", "cs", "ISO-8859-2")
	add("fest_cs_machac", "val", "voice", "machac", "festvox-czech-machac", "festival", "voice_czech_machac", "cs", "ISO-8859-2")
	add("fest_cs_ph", "train", "voice", "Petr Horak", "festvox-czech-ph", "festival", "voice_czech_ph", "cs", "ISO-8859-2")
	add("fest_fi_lj", "val", "voice", "suopuhe lj", "festvox-suopuhe-lj", "festival", "voice_suo_fi_lj_diphone", "fi", "ISO-8859-1")
	add("fest_fi_mv", "train", "voice", "suopuhe mv", "festvox-suopuhe-mv", "festival", "voice_hy_fi_mv_diphone", "fi", "ISO-8859-1")
	add("fest_it_lp", "train", "voice", "lp", "festvox-italp16k", "festival", "voice_lp_diphone", "it", "ISO-8859-1")
	add("fest_it_pc", "train", "voice", "pc", "festvox-itapc16k", "festival", "voice_pc_diphone", "it", "ISO-8859-1")
	add("fest_ca_ona", "train", "voice", "ona", "festvox-ca-ona-hts", "festival", "voice_upc_ca_ona_hts", "ca", "ISO-8859-15")
	add("fest_hi_nsk", "train", "voice", "nsk", "festvox-hi-nsk", "festival", "voice_hindi_NSK_diphone", "hi", "")
	add("fest_mr_nsk", "train", "voice", "nsk", "festvox-mr-nsk", "festival", "voice_marathi_NSK_diphone", "mr", "")
	add("fest_te_nsk", "train", "voice", "nsk", "festvox-te-nsk", "festival", "voice_telugu_NSK_diphone", "te", "")
	add("espeak_en_m", "train", "voice", "", "espeak-ng-data", "espeak-ng", "en-gb+m3", "en", "")
	add("espeak_de_f", "train", "voice", "", "espeak-ng-data", "espeak-ng", "de+f2", "de", "")
	return all
}

// children are made of women's voices, with all frequencies raised as in a
// smaller head: there is hardly a child's voice with a clear licence.
func children(all []Source) []Source {
	raise := map[string]float64{
		"ast_en_allison": 1.22, "ast_fr_june": 1.28, "kt_ca": 1.2, "kt_uk": 1.25, "kl_it": 1.25, "kt_da": 1.3, "kt_fr": 1.35, "tp_es": 1.25,
		"fillets_cs_small": 1.12, "fest_fi_lj": 1.25, "kl_lt": 1.6, "ast_ru_ivr": 1.25, "fillets_nl_small": 1.25, "kt_nn": 1.3,
	}
	var out []Source
	for _, s := range all {
		if by, ok := raise[s.Name]; ok {
			s.Person, s.Raise, s.Kind = s.person(), by, "child"
			s.Name += "_child"
			s.Most = 120
			out = append(out, s)
		}
	}
	return out
}
