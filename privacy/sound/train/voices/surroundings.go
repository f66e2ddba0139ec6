package main

// surroundings are what a room holds besides near speech.
func surroundings() []Source {
	var all []Source
	music := func(name, split, pack, files string, each int) {
		all = append(all, Source{Name: name, Split: split, Kind: "music", Package: pack, Files: files, Each: each})
	}
	music("supertux", "train", "supertux-data", `/music/.*\.ogg$`, 12)
	music("bubble", "train", "frozen-bubble-data", `/snd/.*(intro|frozen|main)[^/]*\.ogg$`, 3)
	music("hog", "train", "hedgewars-data", `/Music/.*\.ogg$`, 8)
	music("naev", "train", "naev-data", `/snd/music/.*\.ogg$`, 8)
	music("widelands", "train", "widelands-data", `/music/.*\.ogg$`, 8)
	music("wesnoth", "train", "wesnoth-1.16-music", `\.ogg$`, 10)
	music("moh", "val", "asterisk-moh-opsound-g722", `/moh/.*\.g722$`, 5)
	music("colobot", "val", "colobot-common-sounds", `/music/.*\.ogg$`, 6)
	music("horizons", "test", "unknown-horizons", `/audio/music/.*\.ogg$`, 8)
	music("fillets", "test", "fillets-ng-data", `/music/.*\.ogg$`, 6)

	noise := func(name, split, pack, files, not string) {
		all = append(all, Source{Name: name, Split: split, Kind: "noise", Package: pack, Files: files, Not: not, Most: 120})
	}
	noise("widelands_animals", "train", "widelands-data", `/sound/(animals|farm)/.*\.ogg$|/critters/.*\.ogg$`, "")
	noise("widelands_work", "train", "widelands-data", `/sound/.*\.ogg$`, `/(animals|farm|taverns)/`)
	noise("tuxpaint_animals", "train", "tuxpaint-stamps-default", `/stamps/animals/.*/[^_/]*\.(ogg|wav)$`, `desc`)
	noise("tuxpaint_things", "train", "tuxpaint-stamps-default", `/stamps/(household|vehicles|hobbies|food|sports|town|naturalforces|clothes)/.*/[^_/]*\.(ogg|wav)$`, `desc`)
	noise("ufo_ambience", "train", "ufoai-sound", `/sound/ambience/`, "")
	noise("ufo_doors", "train", "ufoai-sound", `/sound/doors/`, "")
	noise("ufo_steps", "train", "ufoai-sound", `/sound/footsteps/`, "")
	noise("wesnoth_ambient", "train", "wesnoth-1.16-data", `/sounds/ambient/`, "")
	noise("wesnoth_fx", "train", "wesnoth-1.16-data", `/core/sounds/[^/]*(door|wind|fire|water|thunder|squeak|dog|wolf|bat|horse|gryphon|wood|stones|squishy|rumble)[^/]*\.(ogg|wav)$`, "")
	noise("openarena_steps", "train", "openarena-data", `/footsteps/`, "")
	noise("torcs_engines", "train", "torcs-data", `/sound/.*\.wav$`, "")
	noise("freedroid_fx", "train", "freedroidrpg-data", `/sound/effects/[^/]*\.ogg$|/item_sounds/`, "")
	noise("desktop", "train", "lomiri-sounds", `\.ogg$`, "")
	noise("lincity", "val", "lincity-ng-data", `/sounds/.*\.wav$`, "")
	noise("supertux_fx", "val", "supertux-data", `/sounds/[^/]*\.(wav|ogg)$`, "")
	noise("icons", "val", "sound-icons", `/sound-icons/`, "")
	noise("gcompris_farm", "test", "gcompris-qt-data", `farm_animals\.rcc\.d/`, "")
	noise("gcompris_world", "test", "gcompris-qt-data", `world_animals\.rcc\.d/`, "")
	noise("gcompris_things", "test", "gcompris-qt-data", `memory-sound\.rcc\.d/`, "")
	noise("horizons_fx", "test", "unknown-horizons", `/audio/sounds/`, "")
	noise("nexuiz_ambient", "train", "nexuiz-data", `/sound/ambient/`, "")

	keys := func(name, split, files string) {
		all = append(all, Source{Name: name, Split: split, Kind: "keys", Package: "bucklespring-data", Files: files, Most: 120})
	}
	keys("buckle_train", "train", `/wav/[0-3][0-9a-f]-[01]\.wav$`)
	keys("buckle_val", "val", `/wav/4[0-9a-f]-[01]\.wav$`)
	keys("buckle_test", "test", `/wav/([5-9a-f][0-9a-f]|ff)-[01]\.wav$`)

	tv := func(name, split, pack, files, music string, n int) {
		all = append(all, Source{Name: name, Split: split, Kind: "tv", Lang: "en", Package: pack, Files: files, Music: music, Each: n})
	}
	tv("queen", "train", "flight-of-the-amazon-queen", `queen\.1c\.d/.*\.mp3$`, "supertux_", 12)
	tv("warzone", "val", "warzone2100-data", `/audio/memressp/.*\.ogg$|/sequenceaudio/.*\.ogg$`, "colobot_", 5)
	tv("sky", "test", "beneath-a-steel-sky", `sky\.dsk\.d/.*\.wav$`, "horizons_", 8)
	return all
}
