package policy

// The headings.
const (
	Picture    Group = "picture"
	Sound      Group = "sound"
	Functions  Group = "functions"
	Encryption Group = "encryption"
	Network    Group = "network"
	Servers    Group = "servers"
	SignIn     Group = "sign-in"
	Records    Group = "records"
)

// Groups are the headings in the order of the documents.
func Groups() []Group {
	return []Group{Picture, Sound, Functions, Encryption, Network, Servers, SignIn, Records}
}

// Title is the heading in words.
func (g Group) Title() Words {
	return map[Group]Words{
		Picture:    {"Picture", "Bild"},
		Sound:      {"Sound", "Ton"},
		Functions:  {"What there is at all", "Was es überhaupt gibt"},
		Encryption: {"Recording and encryption", "Aufzeichnung und Verschlüsselung"},
		Network:    {"Network", "Netz"},
		Servers:    {"Servers", "Server"},
		SignIn:     {"Sign-in", "Anmeldung"},
		Records:    {"Records and words", "Nachweise und Hinweise"},
	}[g]
}

func yes() Words {
	return Words{"true is stricter than false.", "true ist strenger als false."}
}

func fewer() Words {
	return Words{"Less is stricter. Where two are said, the smaller one holds.", "Weniger ist strenger. Von zweien gilt der kleinere Wert."}
}

func inBoth() Words {
	return Words{
		"A shorter list is stricter. Where two are said, only what is on both holds. An empty list allows nothing.",
		"Eine kürzere Liste ist strenger. Von zweien gilt nur, was auf beiden steht. Eine leere Liste erlaubt nichts.",
	}
}

func first() Words {
	return Words{"The organisation's word stands.", "Es gilt, was die Organisation sagt."}
}

func allOf() Words {
	return Words{"A longer list is stricter. What others ask for is added.", "Eine längere Liste ist strenger. Was andere verlangen, kommt hinzu."}
}

// Schema is every key, in the order of the documents. The reader of files, the
// documents and the templates of group policies are made of it.
func Schema() []Key {
	var all []Key
	for _, keys := range [][]Key{pictureKeys(), soundKeys(), functionKeys(), encryptionKeys(), networkKeys(), serverKeys(), signInKeys(), recordKeys()} {
		all = append(all, keys...)
	}
	return all
}

func pictureKeys() []Key {
	return []Key{{
		Name: "background_image", Field: "Background", Group: Picture, Form: Path,
		Title: Words{"Image in place of the room", "Bild anstelle des Raums"},
		Does: Words{
			"This PNG or JPEG file stands in place of the room behind the person. A person may only hide more: the whole picture. If the file cannot be read, the whole picture is covered. Only administrators should be able to write to it.",
			"Diese PNG- oder JPEG-Datei steht anstelle des Raums hinter der Person. Wer teilnimmt, kann nur mehr verbergen: das ganze Bild. Ist die Datei nicht lesbar, wird das ganze Bild verdeckt. Nur die Administration sollte sie ändern können.",
		},
		Strict: first(), Example: "/usr/share/backgrounds/office.png",
		at: func(p *Policy) any { return &p.Background },
	}, {
		Name: "background_always", Field: "NoRawPicture", Group: Picture, Form: YesNo,
		Title: Words{"Background never off", "Hintergrund nie aus"},
		Does: Words{
			"The room behind the person is always hidden: --background off is refused.",
			"Der Raum hinter der Person ist immer verborgen: --background off wird abgelehnt.",
		},
		Strict: yes(), Example: true,
		at: func(p *Policy) any { return &p.NoRawPicture },
	}, {
		Name: "picture_filters", Field: "PictureFilters", Group: Picture, Form: Names, Options: []string{"blur", "colour", "cover", "image"},
		Title: Words{"Filters of every picture", "Filter jedes Bildes"},
		Does: Words{
			"Every picture of the camera goes through these filters; with another background nothing can be sent.",
			"Jedes Kamerabild geht durch diese Filter; mit einem anderen Hintergrund kann nichts gesendet werden.",
		},
		Strict: allOf(), Example: []string{"blur"},
		at: func(p *Policy) any { return &p.PictureFilters },
	}}
}

func soundKeys() []Key {
	return []Key{{
		Name: "room_gate_always", Field: "NoRawSound", Group: Sound, Form: YesNo,
		Title: Words{"Room gate never off", "Raumsperre nie aus"},
		Does: Words{
			"What is heard of the room is always held back: --room-gate off is refused.",
			"Was vom Raum zu hören ist, wird immer zurückgehalten: --room-gate off wird abgelehnt.",
		},
		Strict: yes(), Example: true,
		at: func(p *Policy) any { return &p.NoRawSound },
	}, {
		Name: "sound_filters", Field: "SoundFilters", Group: Sound, Form: Names, Options: []string{"echo", "gain", "gate", "rumble"},
		Title: Words{"Filters of every sound", "Filter jedes Tons"},
		Does: Words{
			"Every sound of the microphone goes through these filters.",
			"Jeder Ton des Mikrofons geht durch diese Filter.",
		},
		Strict: allOf(), Example: []string{"gate"},
		at: func(p *Policy) any { return &p.SoundFilters },
	}}
}

func functionKeys() []Key {
	return []Key{{
		Name: "no_camera", Field: "NoCamera", Group: Functions, Form: YesNo,
		Title:  Words{"No camera", "Keine Kamera"},
		Does:   Words{"No camera is ever opened.", "Es wird nie eine Kamera geöffnet."},
		Strict: yes(), Example: true, at: func(p *Policy) any { return &p.NoCamera },
	}, {
		Name: "no_microphone", Field: "NoMicrophone", Group: Functions, Form: YesNo,
		Title:  Words{"No microphone", "Kein Mikrofon"},
		Does:   Words{"No microphone is ever opened.", "Es wird nie ein Mikrofon geöffnet."},
		Strict: yes(), Example: true, at: func(p *Policy) any { return &p.NoMicrophone },
	}, {
		Name: "no_screen", Field: "NoScreen", Group: Functions, Form: YesNo,
		Title:  Words{"No screen sharing", "Kein Teilen des Bildschirms"},
		Does:   Words{"Screens and windows are never shared.", "Bildschirm und Fenster werden nie geteilt."},
		Strict: yes(), Example: true, at: func(p *Policy) any { return &p.NoScreen },
	}, {
		Name: "no_chat", Field: "NoChat", Group: Functions, Form: YesNo,
		Title:  Words{"No chat", "Kein Chat"},
		Does:   Words{"No chat message is sent, and none is shown.", "Es werden keine Chatnachrichten gesendet und keine gezeigt."},
		Strict: yes(), Example: true, at: func(p *Policy) any { return &p.NoChat },
	}, {
		Name: "no_files", Field: "NoFiles", Group: Functions, Form: YesNo,
		Title:  Words{"No files", "Keine Dateien"},
		Does:   Words{"No file is sent, and none is taken.", "Es werden keine Dateien gesendet und keine angenommen."},
		Strict: yes(), Example: true, at: func(p *Policy) any { return &p.NoFiles },
	}}
}

func encryptionKeys() []Key {
	return []Key{{
		Name: "ask_before_recording", Field: "AskRecording", Group: Encryption, Form: YesNo, Floor: true,
		Title: Words{"Ask before a recording", "Vor einer Aufzeichnung fragen"},
		Does: Words{
			"When a recording begins nothing is sent until the person agrees. This is so in any case and cannot be turned off.",
			"Beginnt eine Aufzeichnung, wird nichts gesendet, bis die Person zustimmt. Das ist immer so und nicht abschaltbar.",
		},
		Strict: yes(), Example: true,
		at: func(p *Policy) any { return &p.AskRecording },
	}, {
		Name: "end_to_end_always", Field: "EndToEnd", Group: Encryption, Form: YesNo,
		Title: Words{"Only end-to-end encrypted meetings", "Nur Ende-zu-Ende-verschlüsselte Besprechungen"},
		Does: Words{
			"Only meetings are joined whose pictures and sound the operator of the server can neither see nor hear.",
			"Es wird nur an Besprechungen teilgenommen, deren Bild und Ton der Betreiber des Servers weder sehen noch hören kann.",
		},
		Strict: yes(), Example: true,
		at: func(p *Policy) any { return &p.EndToEnd },
	}, {
		Name: "verified_members_only", Field: "VerifiedMembers", Group: Encryption, Form: YesNo,
		Title: Words{"Only verified members", "Nur geprüfte Teilnehmende"},
		Does: Words{
			"Nothing is sent while there is somebody in the meeting whose identity was not verified. All must use this program, and the server must be a LiveKit.",
			"Es wird nichts gesendet, solange jemand in der Besprechung ist, dessen Identität nicht geprüft wurde. Alle müssen dieses Programm benutzen, und der Server muss ein LiveKit sein.",
		},
		Strict: yes(), Example: true,
		at: func(p *Policy) any { return &p.VerifiedMembers },
	}}
}

func networkKeys() []Key {
	const kbit, gbit = 1000, 1_000_000_000
	return []Key{{
		Name: "relay_only", Field: "RelayOnly", Group: Network, Form: YesNo,
		Title: Words{"Only through a relay", "Nur über ein Relais"},
		Does: Words{
			"Pictures and sound go only through a relay (TURN), so that the others never learn this machine's address.",
			"Bild und Ton gehen nur über ein Relais (TURN), damit die anderen nie die Adresse dieses Rechners erfahren.",
		},
		Strict: yes(), Example: true,
		at: func(p *Policy) any { return &p.RelayOnly },
	}, {
		Name: "no_local_address", Field: "NoLocalAddress", Group: Network, Form: YesNo,
		Title: Words{"Name no local address", "Keine lokale Adresse nennen"},
		Does: Words{
			"The addresses of this machine's own network cards (host candidates) are named to nobody.",
			"Die Adressen der Netzkarten dieses Rechners (Host-Kandidaten) werden niemandem genannt.",
		},
		Strict: yes(), Example: true,
		at: func(p *Policy) any { return &p.NoLocalAddress },
	}, {
		Name: "upload_at_most", Field: "MostUp", Group: Network, Form: Rate, Least: kbit, Most: gbit,
		Title: Words{"Upload at most", "Höchstens senden"},
		Does: Words{
			"So many bits a second are sent at most, headers included, such as \"128k\" or \"2M\".",
			"So viele Bit je Sekunde werden höchstens gesendet, Kopfdaten mitgezählt, etwa \"128k\" oder \"2M\".",
		},
		Strict: fewer(), Example: int64(128 * kbit),
		at: func(p *Policy) any { return &p.MostUp },
	}, {
		Name: "download_at_most", Field: "MostDown", Group: Network, Form: Rate, Least: kbit, Most: gbit,
		Title: Words{"Download at most", "Höchstens empfangen"},
		Does: Words{
			"So many bits a second are asked for at most, headers included.",
			"So viele Bit je Sekunde werden höchstens angefordert, Kopfdaten mitgezählt.",
		},
		Strict: fewer(), Example: int64(512 * kbit),
		at: func(p *Policy) any { return &p.MostDown },
	}, {
		Name: "udp_ports", Field: "Ports", Group: Network, Form: PortRange,
		Title: Words{"Local UDP ports", "Lokale UDP-Ports"},
		Does: Words{
			"Pictures and sound use only these UDP ports of this machine, such as \"50000-50100\".",
			"Bild und Ton benutzen nur diese UDP-Ports dieses Rechners, etwa \"50000-50100\".",
		},
		Strict: Words{
			"Fewer ports are stricter. Where two ranges are said, what lies in both holds.",
			"Weniger Ports sind strenger. Von zwei Bereichen gilt, was in beiden liegt.",
		},
		Example: Ports{50000, 50100},
		at:      func(p *Policy) any { return &p.Ports },
	}, {
		Name: "authorities_file", Field: "Authorities", Group: Network, Form: Path, OrganisationOnly: true, Unused: true,
		Title: Words{"Further certificate authorities", "Weitere Zertifizierungsstellen"},
		Does: Words{
			"The certificate authorities in this PEM file are trusted beside those of the system. Only administrators should be able to write to it.",
			"Den Zertifizierungsstellen in dieser PEM-Datei wird neben denen des Systems vertraut. Nur die Administration sollte sie ändern können.",
		},
		Strict: first(), Example: "/etc/paravent/authorities.pem",
		at: func(p *Policy) any { return &p.Authorities },
	}}
}

func serverKeys() []Key {
	return []Key{{
		Name: "listed_servers_only", Field: "ListedOnly", Group: Servers, Form: YesNo,
		Title: Words{"Only listed servers", "Nur Server der Liste"},
		Does: Words{
			"Only servers of the operators listed beside it are joined, or even asked what they are.",
			"Nur an Server der daneben genannten Betreiber geht eine Teilnahme oder auch nur eine Anfrage.",
		},
		Strict: Words{
			"true is stricter than false. The list is that of the same section; nobody adds to the list of the organisation.",
			"true ist strenger als false. Es gilt die Liste desselben Abschnitts; niemand ergänzt die der Organisation.",
		},
		Example: true,
		at:      func(p *Policy) any { return &p.ListedOnly },
	}, {
		Name: "operators", Field: "Operators", Group: Servers, Form: OperatorList, Adds: true,
		Title: Words{"Operators of servers", "Betreiber von Servern"},
		Does: Words{
			"Who runs which servers: their host names (one that begins with a dot stands for all below it), the operator's name, whose law holds, and where to read what becomes of personal data. It is shown before a meeting is joined.",
			"Wer welche Server betreibt: die Namen der Server (ein Punkt am Anfang steht für alle darunter), der Name des Betreibers, wessen Recht gilt und wo die Datenschutzhinweise stehen. Das wird vor der Teilnahme gezeigt.",
		},
		Strict:  Words{"What others say is added. Where two know the same server, the organisation's word stands.", "Was andere nennen, kommt hinzu. Kennen zwei denselben Server, gilt, was die Organisation sagt."},
		Example: []Operator{{Hosts: []string{"meet.city.example", ".rooms.city.example"}, Name: "City of Example", Jurisdiction: "Germany", Notice: "https://city.example/privacy"}},
		at:      func(p *Policy) any { return &p.Operators },
	}, {
		Name: "extra_hosts", Field: "ExtraHosts", Group: Servers, Form: HostList,
		Title: Words{"Further hosts", "Weitere Rechner"},
		Does: Words{
			"Hosts that may be spoken to beside the server of the link, each for one purpose: signalling, media or sign-in.",
			"Rechner, mit denen neben dem Server des Links gesprochen werden darf, jeweils für einen Zweck: signalling (Steuerung), media (Bild und Ton) oder sign-in (Anmeldung).",
		},
		Strict: inBoth(), Example: []Host{{"turn.city.example", "media"}},
		at: func(p *Policy) any { return &p.ExtraHosts },
	}}
}

func signInKeys() []Key {
	return []Key{{
		Name: "sign_in_only_at", Field: "Issuers", Group: SignIn, Form: Names, check: checkIssuer,
		Title: Words{"Sign-in only at", "Anmeldung nur bei"},
		Does: Words{
			"Signing in is possible only at these issuers, given by their https addresses.",
			"Eine Anmeldung ist nur bei diesen Stellen möglich, genannt mit ihren https-Adressen.",
		},
		Strict: inBoth(), Example: []string{"https://login.city.example/realms/staff"},
		at: func(p *Policy) any { return &p.Issuers },
	}, {
		Name: "sign_in_classes", Field: "ACR", Group: SignIn, Form: Names,
		Title: Words{"Classes of sign-in", "Klassen der Anmeldung"},
		Does: Words{
			"The issuer must say that the person signed in by one of these classes (acr_values), such as one with two factors.",
			"Die Stelle muss bestätigen, dass die Anmeldung in einer dieser Klassen (acr_values) geschah, etwa mit zwei Faktoren.",
		},
		Strict: inBoth(), Example: []string{"https://refeds.org/profile/mfa"},
		at: func(p *Policy) any { return &p.ACR },
	}, {
		Name: "keep_passes", Field: "Secrets", Group: SignIn, Form: Choice, Options: []string{"any", "keyring", "memory"},
		Title: Words{"Where passes are kept", "Wo Zugangsdaten liegen"},
		Does: Words{
			"any: in the system's keyring or, where there is none, in memory. keyring: only there; without one nobody can sign in. memory: never beyond the end of the program. Never in a file.",
			"any: im Schlüsselbund des Systems oder, wo es keinen gibt, im Arbeitsspeicher. keyring: nur im Schlüsselbund; ohne ihn keine Anmeldung. memory: nie über das Programmende hinaus. Nie in einer Datei.",
		},
		Strict:  Words{"memory is stricter than keyring, and keyring than any.", "memory ist strenger als keyring, keyring strenger als any."},
		Example: "memory",
		at:      func(p *Policy) any { return &p.Secrets },
	}}
}

func recordKeys() []Key {
	return []Key{{
		Name: "receipts_always", Field: "Receipts", Group: Records, Form: YesNo,
		Title: Words{"A receipt of every call", "Nachweis über jeden Anruf"},
		Does: Words{
			"No call without a receipt on this machine of what was sent when and where to, without its content.",
			"Kein Anruf ohne Nachweis auf diesem Rechner, was wann wohin gesendet wurde, ohne dessen Inhalt.",
		},
		Strict: yes(), Example: true,
		at: func(p *Policy) any { return &p.Receipts },
	}, {
		Name: "receipts_days", Field: "ReceiptDays", Group: Records, Form: Number, Least: 1, Most: 3660,
		Title: Words{"Days that receipts are kept", "Tage, die Nachweise bleiben"},
		Does: Words{
			"Receipts are deleted after so many days.",
			"Nachweise werden nach so vielen Tagen gelöscht.",
		},
		Strict: fewer(), Example: int64(90),
		at: func(p *Policy) any { return &p.ReceiptDays },
	}, {
		Name: "no_logs", Field: "NoLogs", Group: Records, Form: YesNo,
		Title:  Words{"No logs", "Keine Protokolle"},
		Does:   Words{"Nothing is logged, whatever is asked for.", "Es wird nichts protokolliert, was auch immer verlangt wird."},
		Strict: yes(), Example: true, at: func(p *Policy) any { return &p.NoLogs },
	}, {
		Name: "notice", Field: "Notice", Group: Records, Form: Text, OrganisationOnly: true,
		Title: Words{"Words before joining", "Hinweis vor der Teilnahme"},
		Does: Words{
			"What the organisation tells everybody who joins a meeting.",
			"Was die Organisation allen sagt, die an einer Besprechung teilnehmen.",
		},
		Strict: first(), Example: "Confidential matters only in rooms of the city's own servers.",
		at: func(p *Policy) any { return &p.Notice },
	}}
}
