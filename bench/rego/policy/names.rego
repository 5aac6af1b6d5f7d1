# Names taken apart, and what they suggest: `words.rs` and `sense.rs`.
package names

import rego.v1

import data.words as w

# The words of a name: lower case, without the digits that end them.
words(name) := [word |
	once := regex.replace(name, `([a-z0-9])([A-Z])`, "${1}_${2}")
	twice := regex.replace(once, `([A-Z])([A-Z][a-z])`, "${1}_${2}")
	some raw in regex.split(`[^a-z0-9]+`, lower(twice))
	word := bare(raw)
	word != ""
]

bare(word) := short if {
	short := trim_right(word, "0123456789")
	count(short) >= 4
} else := word

irregular := {"people": "person", "children": "child", "indices": "index", "caches": "cache"}

unchanged := {"media", "news", "series", "alias", "bus", "gas"}

hissing := {"sses", "shes", "ches", "xes", "tuses", "ruses", "nuses", "puses", "iases"}

cut(word, number) := substring(word, 0, count(word) - number)

# The singular of a noun; "" stands for no word.
stem(word) := found if {
	found := irregular[word]
	found
} else := word if {
	word in unchanged
} else := word if {
	count(word) < 4
} else := cut(word, 2) if {
	strings.any_suffix_match(word, {"ungen", "ionen", "iones"})
} else := concat("", [cut(word, 3), "y"]) if {
	endswith(word, "ies")
} else := cut(word, 2) if {
	strings.any_suffix_match(word, hissing)
} else := word if {
	strings.any_suffix_match(word, {"ss", "us", "is"})
} else := trim_suffix(word, "s")

at(words, index) := found if {
	found := words[index]
	found
} else := ""

back(words, places) := at(words, (count(words) - 1) - places)

has(words, wanted) if {
	some word in words
	word in wanted
}

sense(words) := found if {
	found := reference(words)
	found
} else := {
	"part": part(words),
	"first": stem(at(words, 0)),
	"last": stem(named(words)),
	"language": false,
	"side": back(words, 0) in object.keys(w.sides),
	"coded": coded(words),
	"party": back(words, 0) in object.keys(w.parties),
	"plural": plural(words),
	"total": back(words, 0) == "total",
	"type": is_type(words),
}

is_type(words) if {
	w.type_marks[back(words, 0)]
} else := false

named(words) := back(words, 1) if {
	w.type_marks[back(words, 0)]
	count(words) > 1
} else := back(words, 0)

coded(words) := stem(back(words, 1)) if {
	w.code_marks[back(words, 0)]
	count(words) > 1
} else := ""

plural(words) if {
	last := back(words, 0)
	count(last) > 3
	endswith(last, "s")
	not strings.any_suffix_match(last, {"ss", "us", "is"})
	not w.units[last]
	not has(words, {"max", "min", "maximum", "minimum", "limit"})
} else := false

referring(part, first, last, language) := {
	"part": part,
	"first": stem(first),
	"last": stem(last),
	"language": language,
	"side": false,
	"coded": "",
	"party": false,
	"plural": false,
	"total": false,
	"type": false,
}

language(word) if {
	w.languages[word]
} else := false

own_ids := {"id", "uuid", "guid", "oid", "ulid", "pk", "rowid"}

reference(words) := found if {
	count(words) == 1
	found := reference_of_one(words[0])
	found
} else := referring("Reference", words[1], back(words, 0), language(back(words, 0))) if {
	count(words) > 1
	words[0] in {"id", "fk", "uuid"}
	not w.type_marks[back(words, 0)]
	part(words) != "Occurred"
} else := referring("Author", words[0], "uid", false) if {
	count(words) > 1
	back(words, 0) == "uid"
	back(words, 1) in {"create", "write", "created", "updated", "modified"}
} else := referring("Author", words[0], back(words, 1), false) if {
	count(words) > 1
	w.id_marks[back(words, 0)]
	is_author(words)
} else := referring(reference_part(words), words[0], back(words, 1), language(back(words, 1))) if {
	count(words) > 1
	w.id_marks[back(words, 0)]
}

is_author(words) if back(words, 1) == "by"

is_author(words) if has(words, object.keys(w.authors))

tail_of(word) := trim_suffix(word, "id") if {
	endswith(word, "id")
} else := trim_suffix(word, "uuid") if endswith(word, "uuid")

reference_of_one(word) := referring("Identifier", "", "", false) if {
	tail_of(word)
	word in own_ids
} else := referring("Token", "", word, false) if {
	word == "sid"
} else := referring("Plain", "", word, false) if {
	word in {"jid", "xid"}
} else := referring("Reference", rest, rest, language(rest)) if {
	rest := tail_of(word)
	rest != ""
	not w.no_reference[word]
}

reference_part(words) := "Parent" if {
	count(words) == 2
	words[0] in {"parent", "padre", "above", "upper", "superior"}
} else := "Detail" if {
	back(words, 0) == "ids"
} else := "Content" if {
	w.foreign[words[0]]
} else := "Content" if {
	w.foreign[back(words, 1)]
} else := "Trace" if {
	w.tracing[back(words, 1)]
} else := "Recent" if {
	words[0] in {"last", "latest", "newest", "highest"}
} else := "Content" if {
	back(words, 0) == "ref"
	count(words) == 2
} else := "Reference"

flags := {"is", "has", "can", "should", "allow", "allows", "enable", "enabled", "disabled", "est", "es", "ist"}

changes := {"old", "new", "before", "after", "previous", "prev", "prior", "alt", "neu"}

counting := {"so", "anzahl", "num", "nb", "n", "count", "cnt"}

counted := {"count", "counter", "cnt", "hits", "anzahl", "zaehler"}

tries := {"attempt", "attempts", "retry", "retries", "try", "tries", "failure", "failures"}

locked := {"locked", "claimed", "reserved", "leased", "acquired", "picked"}

verbs := {"createdby", "updatedby", "modifiedby", "changedby", "deletedby", "addedby", "createby", "writeby"}

is_by(words) if back(words, 0) == "by"

is_by(words) if {
	back(words, 0) == "von"
	count(words) > 1
}

is_counter(words) if words[0] in counting

is_counter(words) if back(words, 0) in counted

part(words) := "Plain" if {
	count(words) == 0
} else := found if {
	found := phrase(words)
	found
} else := "Lock" if {
	is_by(words)
	back(words, 1) in locked
} else := "Author" if {
	is_by(words)
} else := "Author" if {
	back(words, 0) in verbs
} else := "Author" if {
	count(words) == 1
	w.authors[words[0]]
} else := found if {
	found := time(words)
	found
} else := "Flag" if {
	words[0] in flags
} else := "Change" if {
	count(words) > 1
	words[0] in changes
} else := "Trace" if {
	count(words) > 1
	words[0] in {"request", "req"}
} else := "Outcome" if {
	count(words) > 1
	words[0] in {"response", "resp"}
} else := "Attempts" if {
	is_counter(words)
	has(words, tries)
} else := "Counter" if {
	is_counter(words)
} else := "Meaningless" if {
	every word in words { meaningless(word) }
} else := prefixed(found, words) if {
	found := w.nouns[back(words, 0)]
	found
} else := found if {
	found := [found | some word in words; found := w.anywhere[word]; found][0]
	found
} else := "Amount" if {
	startswith(words[0], "qty")
} else := "Amount" if {
	endswith(back(words, 0), "amt")
} else := found if {
	found := w.nouns[words[0]]
	found
	found in {"Amount", "Payload", "Locale", "Value"}
} else := "Plain"

empty := {"field", "col", "column", "attr", "spare", "reserved", "misc", "custom", "filler", "unused", "dummy", "divers"}

meaningless(word) if trim_right(word, "0123456789") in empty

meaningless(word) if trim_right(word, "0123456789") == ""

meaningless(word) if {
	count(trim_right(word, "0123456789")) == 1
	not word in {"x", "y", "z", "k", "v"}
}

phrase(words) := found if {
	found := w.phrases[concat(" ", [back(words, 1), back(words, 0)])]
	found
} else := "Lock" if {
	words[0] in {"lock", "locked", "lease", "leased", "heartbeat"}
	count(words) > 1
}

is_marked(words) if w.marks_last[back(words, 0)]

is_marked(words) if w.marks_first[words[0]]

changed := {"updated", "modified", "update", "change", "changed", "modification", "edited"}

is_last(words) if {
	words[0] in {"last", "latest", "letzte", "dernier", "ultimo"}
	back(words, 0) != "name"
}

holds("always", _) := true

holds("marked", words) if is_marked(words)

holds("several", words) if count(words) > 1

time_of_word(word, words) := [meaning[1] |
	some meaning in w.times[word]
	holds(meaning[0], words)
][0]

period_first := {"gueltig", "valid", "effective", "active", "from", "to"}

period_last := {"from", "to", "until", "till", "through", "date", "since"}

time(words) := "Updated" if {
	is_last(words)
	has(words, changed)
} else := "Recent" if {
	is_last(words)
} else := found if {
	found := [found | some word in words; found := time_of_word(word, words); found][0]
	found
} else := "Expiry" if {
	words[0] in period_first
	back(words, 0) == "until"
} else := "Planned" if {
	words[0] in period_first
	back(words, 0) in period_last
} else := "Occurred" if {
	count(words) == 1
	w.single_times[words[0]]
} else := "Expiry" if {
	count(words) == 1
	words[0] in {"until", "till"}
} else := "Planned" if {
	count(words) == 1
	words[0] in {"from", "to"}
} else := "Ran" if {
	count(words) == 1
	words[0] in {"finished", "started"}
} else := "Expiry" if {
	back(words, 0) == "lifetime"
} else := "Time" if {
	is_marked(words)
	not back(words, 0) in {"ms", "day"}
}

owners := {
	"author", "actor", "entity", "target", "object", "creator", "host", "instance", "worker", "node", "process",
	"machine", "owner", "class", "table", "column", "schema",
}

# `name` names the row, but `author_name` repeats what another row is called.
prefixed(part, words) := part if {
	count(words) < 2
} else := "Content" if {
	part == "Name"
	back(words, 1) in owners
} else := "Content" if {
	part == "Name"
	back(words, 1) in {"country", "postal", "area", "zip", "currency", "phone", "account"}
	back(words, 0) in {"code", "number", "no", "nr"}
} else := "Locale" if {
	part == "Name"
	back(words, 1) in {"language", "lang", "locale"}
	back(words, 0) == "code"
} else := "Token" if {
	part == "Name"
	back(words, 1) in {"secret", "security", "pin", "otp", "sms", "login"}
} else := "Content" if {
	part == "Key"
	back(words, 1) in {"api", "public", "private", "secret", "license", "object", "storage", "s3", "foreign"}
} else := "Reference" if {
	part == "Key"
	w.sides[back(words, 1)]
} else := part

# What the name of a table hints at: `table.rs`.
hint_of(word) := w.hints[stem(word)]

hint_of_pair(words, index) := w.hints[concat("", [at(words, index - 1), stem(words[index])])] if index > 0

is_empty(word) if w.empty_tails[word]

is_empty(word) if regex.match(`^v?[0-9]+$`, word)

head_of(words) := found if {
	found := max([index | some index, word in words; not is_empty(word)])
	found
} else := count(words) - 1

compounded(word) := found if {
	found := hint_of(word)
	found
} else := [ending[1] |
	some ending in w.endings
	count(trim_suffix(word, "s")) >= count(ending[0]) + 3
	endswith(trim_suffix(word, "s"), ending[0])
][0] if {
	not w.no_compounds[word]
}

first_of(words) := found if {
	found := min([index | some index, word in words; not w.habits[word]])
	found
} else := 0

is_head_first(words) if w.head_first[at(words, first_of(words))]

is_head_first(words) if is_head_pair(words)

is_head_pair(words) if w.head_first_pairs[concat(" ", [at(words, first_of(words)), at(words, first_of(words) + 1)])]

head_hint(words) := found if {
	is_head_pair(words)
	found := hint_of_pair(words, first_of(words) + 1)
	found
} else := found if {
	is_head_first(words)
	found := hint_of(at(words, first_of(words)))
	found
} else := found if {
	found := hint_of_pair(words, head_of(words))
	found
} else := found if {
	found := compounded(words[head_of(words)])
	found
} else := ""

earlier(words, index) := found if {
	found := hint_of_pair(words, index)
	found
} else := hint_of(words[index])

weak_hint(words, hint) := found if {
	hint == ""
	found := [found |
		some before in numbers.range(1, head_of(words))
		found := earlier(words, head_of(words) - before)
		found != "required"
	][0]
	found
} else := "cache" if {
	hint == "required"
	was_made(words)
} else := ""

was_made(words) if {
	some index in numbers.range(0, head_of(words) - 1)
	w.made[words[index]]
}

certain(words, hint) if {
	hint == "log"
	is_head_first(words)
} else if {
	hint == "log"
	strings.any_suffix_match(trim_right(words[head_of(words)], "s"), object.keys(w.certain_logs))
} else := false

planned(words) if {
	w.planned[at(words, head_of(words))]
} else := false

table(name) := {
	"head": stem(at(words_of, head_of(words_of))),
	"hint": hint,
	"weak": weak_hint(words_of, hint),
	"planned": planned(words_of),
	"certain": certain(words_of, hint),
	"stems": {stem(word) | some index, word in listed; index < 8},
} if {
	words_of := words(name)
	hint := head_hint(words_of)
	listed := [word | some word in words_of; not w.habits[word]]
}
