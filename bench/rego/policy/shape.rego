# The shape of a table: `column.rs`, `kind.rs` and `shape.rs`. What the indexes
# make of columns is settled for all of them at once and not for one after the
# other, because Rego cannot change what it has said.
package shape

import rego.v1

import data.words as w

kind(type) := found if {
	found := w.kinds[type]
	found
} else := "Document" if {
	endswith(type, "hstore")
} else := "Text" if {
	endswith(type, "citext")
} else := "Other"

refers := {"Small", "Integer", "Number", "Text", "Uuid", "Bytes"}

column_part(sense, kind, column) := "SearchVector" if {
	kind == "SearchVector"
} else := array_part(sense.part) if {
	column.array
} else := "Author" if {
	sense.part == "Author"
	kind in (refers | {"Other"})
} else := "Detail" if {
	sense.part == "Recent"
	kind == "Text"
} else := "Flag" if {
	sense.part == "Value"
	kind in {"Small", "Boolean"}
} else := "Detail" if {
	sense.part == "Payload"
	kind == "Text"
	column.length
} else := "Payload" if {
	sense.part == "Value"
	kind == "Bytes"
} else := "Counter" if {
	sense.part == "Amount"
	sense.total
	kind == "Integer"
} else := by_type(sense, kind, column) if {
	sense.part == "Planned"
	sense.side
	kind != "Time"
} else := sense.part if {
	w.fits[sense.part][kind]
} else := by_type(sense, kind, column)

by_type(sense, kind, column) := found if {
	found := {"Boolean": "Flag", "Time": "Time", "Document": "Payload", "Bytes": "Payload", "Network": "Content", "SearchVector": "SearchVector", "Number": "Number"}[kind]
	found
} else := "Flag" if {
	kind == "Text"
	column.length == 1
} else := "Detail" if {
	kind == "Text"
	column.length <= 32
} else := "Content" if {
	kind == "Text"
} else := "Counter" if {
	kind == "Integer"
	sense.plural
} else := "Reference" if {
	kind in {"Integer", "Uuid"}
	sense.side
} else := "Detail"

array_part(part) := part if {
	part in {"Change", "Payload", "Outcome"}
} else := "Content" if {
	part in {"Name", "Prose", "Content", "Amount"}
} else := "Detail"

# What all columns begin with says nothing.
is_prefixed(table, leads) if {
	count(table.columns) >= 4
	shared_lead(table, leads)
}

is_prefixed(table, leads) if {
	count(table.columns) >= 2
	end := indexof(table.columns[0].name, "_")
	end >= 0
	end <= 4
	shared_lead(table, leads)
}

shared_lead(table, leads) if {
	lead := leads[table.columns[0].name]
	lead != ""
	every column in table.columns { leads[column.name] == lead }
}

known(table, memo) := memo.tails if {
	is_prefixed(table, memo.leads)
} else := memo.senses

# The foreign keys by the column they start from.
declared(table, memo) := {at: last |
	some at, _ in table.columns
	starting := [key | some key in table.foreign_keys; at in key.columns]
	count(starting) > 0
	target := starting[count(starting) - 1].table
	memo.senses[target].last != ""
	last := {"name": memo.senses[target].last, "own": target == table.name}
}

# The columns that tell rows apart.
serves(index) if {
	index.unique
	not index.partial
	not index.expressions
	not index.other_method
}

key_number(table) := found if {
	found := [number | some number, index in table.indexes; index.primary][0]
	found
} else := found if {
	found := [number |
	fewest := min([count(index.columns) | some index in table.indexes; serves(index)])
	some number, index in table.indexes
	serves(index)
	count(index.columns) == fewest
][0]
	found
} else := -1

own_identifier(table, key, senses, _, _) := [at | some at, sense in senses; sense.part == "Identifier"][0] if key == -1

own_identifier(table, key, senses, pointed, head) := at if {
	key >= 0
	keys := table.indexes[key].columns
	count(keys) == 1
	at := keys[0]
	at != null
	not pointed[at]
	is_own(table.columns[at], senses[at], head)
}

is_own(column, _, _) if column.identity

is_own(column, _, _) if column.identifier_default

is_own(_, sense, _) if sense.part != "Reference"

is_own(_, sense, head) if sense.last == head

own_or_none(table, key, senses, pointed, head) := found if {
	found := own_identifier(table, key, senses, pointed, head)
	found
} else := -1

# The part of a column before the indexes are read.
first_part(column, sense, kind, pointed, is_own) := natural_part(column, column_part(sense, kind, column)) if {
	is_own
} else := declared_part(column_part(sense, kind, column), pointed.own) if {
	pointed != null
} else := "Identifier" if {
	column.identity
	column_part(sense, kind, column) == "Reference"
} else := column_part(sense, kind, column)

natural_part(column, part) := part if {
	not column.identity
	part in {"Name", "Key", "Token", "Locale"}
} else := "Identifier"

declared_part(part, own) := part if {
	part in {"Author", "Parent", "Recent", "Actor"}
} else := "Parent" if {
	own
} else := "Reference"

is_shared(index) if {
	index.unique
	count(index.columns) >= 2
}

is_read(index) if {
	not index.other_method
	not is_alone(index)
}

is_alone(index) if {
	index.unique
	count(index.columns) == 1
}

# A column of an index that is most likely a reference nobody declared.
refers_by_index(place, index, part, _, kind, _) if {
	kind in {"Integer", "Uuid"}
	part == "Detail"
	is_first_or_shared(place, index)
}

refers_by_index(_, index, part, _, _, _) if {
	is_shared(index)
	part == "Author"
}

refers_by_index(_, index, _, sense, kind, head) if {
	is_shared(index)
	kind in {"Text", "Other"}
	names_party(sense, head)
}

is_first_or_shared(0, _) := true

is_first_or_shared(_, index) if is_shared(index)

names_party(sense, _) if sense.side

names_party(sense, _) if sense.party

names_party(sense, head) if {
	sense.coded != ""
	sense.coded != head
}

is_pair(table, index, parts, kinds, references) if {
	references == 0
	count(table.columns) <= 3
	is_shared(index)
	count(index.columns) == 2
	every at in index.columns {
		kinds[at] == "Text"
		parts[at] in {"Detail", "Content", "Level"}
	}
}

new_references(table, parts, senses, kinds, own, head, references) := [at |
	some at, column in table.columns
	at != own
	parts[at] != "Reference"
	not column.array
	is_new_reference(table, at, parts, senses, kinds, head, references)
]

is_new_reference(table, at, parts, senses, kinds, head, _) if {
	some index in table.indexes
	is_read(index)
	some place, key in index.columns
	key == at
	refers_by_index(place, index, parts[at], senses[at], kinds[at], head)
}

is_new_reference(table, at, parts, _, kinds, _, references) if {
	some index in table.indexes
	is_read(index)
	at in index.columns
	is_pair(table, index, parts, kinds, references)
}

# `target_type` beside `target_id` is half of one reference.
is_half(sense, kind, part, sides) if {
	sense.type
	part != "Reference"
	kind != "Boolean"
	some side in sides
	side.first == sense.first
	side.last == sense.last
}

levelled(table, parts) := {at |
	table.referenced_by == 0
	some index in table.indexes
	is_read(index)
	is_shared(index)
	count([1 | some key in index.columns; key != null; parts[key] == "Reference"]) >= 2
	some at in index.columns
	at != null
	parts[at] in {"Name", "Action"}
}

part_at(at, parts, halves, found, levels) := "Level" if {
	at in levels
} else := "Reference" if {
	at in found
} else := "Plain" if {
	at in halves
} else := parts[at]

# A column of a unique key by what it is.
key_word(part, _, _, _, true) := "own"

key_word(part, kind, column, polymorphic, false) := "own" if {
	part == "Identifier"
} else := "reference" if {
	part in {"Reference", "Author", "Parent", "Recent"}
} else := "describing" if {
	part == "Plain"
	polymorphic
} else := "describing" if {
	part in {"Level", "Flag", "Status", "Position", "Locale", "Retired"}
} else := "describing" if {
	part == "Detail"
	kind == "Small"
} else := "day" if {
	kind == "Time"
	column.type == "date"
} else := "time" if {
	kind == "Time"
} else := "business" if {
	part in {"Name", "Content", "Key", "Detail", "Plain"}
} else := "other"

key_words(table, index, parts, kinds, own, polymorphic) := [word |
	some at in index.columns
	at != null
	word := key_word(parts[at], kinds[at], table.columns[at], polymorphic, at == own)
]

number_of(words, wanted) := count([word | some word in words; word in wanted])

key_of(words) := "Own" if {
	number_of(words, {"reference"}) == 0
} else := "Reference" if {
	words == ["reference"]
} else := "Own" if {
	number_of(words, {"reference"}) == 1
	number_of(words, {"own"}) == 1
} else := "References" if {
	number_of(words, {"reference"}) >= 2
	number_of(words, {"reference", "describing"}) == count(words)
} else := "Mixed"

is_unique_key(index) if {
	index.unique
	not index.expressions
	not index.other_method
}

any_is_by_time(table, senses, kinds) if {
	some index in table.indexes
	not index.other_method
	not is_unique_key(index)
	at := index.columns[count(index.columns) - 1]
	at != null
	column_part(senses[at], kinds[at], table.columns[at]) in {"Created", "Occurred"}
}

is_by_time(table, senses, kinds) if {
	any_is_by_time(table, senses, kinds)
} else := false

any_has_brin(table, kinds) if {
	some index in table.indexes
	index.other_method
	count(index.columns) == 1
	at := index.columns[0]
	at != null
	not table.columns[at].array
	kinds[at] in {"Time", "Integer"}
}

has_brin(table, kinds) if {
	any_has_brin(table, kinds)
} else := false

origins := {"from", "old", "source", "previous", "depuis", "von", "origin"}

destinations := {"to", "new", "target", "next", "vers", "nach", "destination"}

people := {"user", "person", "account", "member", "customer", "contact"}

any_is_move(sides) if {
	some from in sides
	from.first in origins
	not from.last in people
	some to in sides
	to.first in destinations
	to.last == from.last
}

is_move(sides) if {
	any_is_move(sides)
} else := false

natural(table, key, words, own, senses, kinds) := column_part(senses[own], kinds[own], table.columns[own]) if {
	key >= 0
	own >= 0
	own in table.indexes[key].columns
	is_unique_key(table.indexes[key])
} else := ""

key_kind(table, key, words) := key_of(words) if {
	key >= 0
	is_unique_key(table.indexes[key])
} else := "None"

# Parts of which a first column can still be named.
named(parts, first) := {part |
	some part in parts
	part in {"Reference", "Plain", "Level"}
} | {part |
	some at, part in first
	parts[at] == part
	count([1 | some before, other in first; before < at; other == part]) == 0
}

references_of(numbers, sides) := numbers.Parent if {
	object.get(numbers, "Parent", 0) >= 2
	count(sides) == 0
} else := count(sides)

# In three stages, because the VM has 255 registers for a rule.
shape(table, head, memo) := summary(table, indexed(table, head, columns_of(table, head, memo)))

# The columns by themselves.
columns_of(table, head, memo) := {
	"senses": senses,
	"kinds": kinds,
	"key": key,
	"own": own,
	"first": first,
	"sides": [side |
		some at, part in first
		part == "Reference"
		at != own
		side := {"first": senses[at].first, "last": senses[at].last, "table": object.get(pointed, at, {"name": ""}).name}
	],
} if {
	by_name := known(table, memo)
	senses := [by_name[column.name] | some column in table.columns]
	kinds := [memo.kinds[column.type] | some column in table.columns]
	pointed := declared(table, memo)
	key := key_number(table)
	own := own_or_none(table, key, senses, pointed, head)
	first := [first_part(column, senses[at], kinds[at], object.get(pointed, at, null), at == own) |
		some at, column in table.columns
	]
}

# What the indexes make of them.
indexed(table, head, c) := object.union(c, {
	"polymorphic": count(halves) > 0,
	"sides": array.concat(c.sides, [side |
		some at in found
		side := {"first": c.senses[at].first, "last": c.senses[at].last, "table": c.senses[at].coded}
	]),
	"parts": [part_at(at, c.first, halves, found, levels) | some at, _ in c.first],
}) if {
	halves := {at |
		some at, part in c.first
		is_half(c.senses[at], c.kinds[at], part, array.slice(c.sides, 0, 8))
	}
	paired := [part_at(at, c.first, halves, [], set()) | some at, _ in c.first]
	found := new_references(table, paired, c.senses, c.kinds, c.own, head, count(c.sides))
	found
	levels := levelled(table, [part_at(at, c.first, halves, found, set()) | some at, _ in c.first])
}

unique_of(words) := number_of(words, {"reference"}) if {
	number_of(words, {"reference"}) >= 2
	number_of(words, {"reference", "describing"}) == count(words)
} else := 0

summary(table, c) := object.union(keys_of(table, c), {
	"columns": count(table.columns),
	"number": numbers,
	"named": named(c.parts, c.first),
	"sides": array.slice(c.sides, 0, 8),
	"references": references_of(numbers, c.sides),
	"brin": has_brin(table, c.kinds),
	"time_index": is_by_time(table, c.senses, c.kinds),
	"language": count([1 | some at, sense in c.senses; at != c.own; is_language(sense, c.first[at])]) > 0,
	"optional": count([1 | some at, part in c.first; part == "Reference"; not table.columns[at].not_null]),
	"move": is_move(c.sides),
	"times": count([1 | some at, found_kind in c.kinds; found_kind == "Time"; at != c.own]),
}) if {
	numbers := {part: amount | some part in c.parts; amount := count([1 | some other in c.parts; other == part])}
}

index_at(table, key) := table.indexes[key] if {
	key >= 0
} else := {"columns": []}

keys_of(table, c) := {
	"key": key_kind(table, c.key, words_of_key),
	"natural": natural(table, c.key, words_of_key, c.own, c.senses, c.kinds),
	"unique_references": max(array.concat([0], [unique_of(words) | some words in unique])),
	"business": count([1 | some words in unique; "business" in words]) > 0,
	"by_time": count([1 | some words in unique; number_of(words, {"time", "day"}) > 0]) > 0,
	"by_day": count([1 | some words in unique; "day" in words]) > 0,
} if {
	unique := [key_words(table, index, c.parts, c.kinds, c.own, c.polymorphic) |
		some index in table.indexes
		is_unique_key(index)
	]
	words_of_key := key_words(table, index_at(table, c.key), c.parts, c.kinds, c.own, c.polymorphic)
}

is_language(sense, _) if sense.language

is_language(_, part) if part == "Locale"
