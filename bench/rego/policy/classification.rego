# What coverage do collections need? `gate.rs`, `weigh/` and `tally.rs`. Points
# and statuses are those of the plugin; the reasons are not told, which is less
# work than the plugin does.
package classification

import rego.v1

import data.names
import data.shape
import data.words as w

# What is asked of each name and type of the batch, once, as the plugin does.
memo := {
	"senses": {name: names.sense(words) | some name, words in split_names},
	"tails": {name: names.sense(array.slice(words, 1, count(words))) | some name, words in split_names},
	"leads": {name: lead(words) | some name, words in split_names},
	"kinds": {type: shape.kind(type) | some type in {column.type | some table in input; some column in table.columns}},
}

split_names := {name: names.words(name) | some name in every_name}

every_name := {column.name | some table in input; some column in table.columns} | {key.table |
	some table in input
	some key in table.foreign_keys
}

lead(words) := names.stem(words[0]) if {
	count(words) > 1
} else := ""

verdicts := [judge(table) | some table in input]

deferred := ["deferred", 0]

governed := {"governed", "locked", "law_artifact", "observed"}

is_judged(table) if {
	lower(trim_space(table.role)) in governed
	table.kind in {"table", "partitioned-table"}
	not table.extension
	not w.bookkeeping[lower(table.name)]
	count(table.columns) >= 2
}

judge(table) := judge_shape(facts(table, named, shape.shape(table, named.head, memo))) if {
	is_judged(table)
	named := names.table(table.name)
} else := deferred

judge_shape(f) := deferred if {
	waits(f)
} else := decide(points(f))

statuses := ["required", "junction", "log", "cache"]

# The strongest class, if it has enough points and leads by enough.
decide(points) := verdict(points, first_of(points, max(points)), max(points))

first_of(points, best) := [at | some at, found in points; found == best][0]

second(points, winner) := max(array.concat([0], [found | some at, found in points; at != winner]))

verdict(points, winner, best) := [statuses[winner], best] if {
	best >= 30
	best - second(points, winner) >= 10
} else := ["deferred", max([0, best])]

number(f, part) := object.get(f.number, part, 0)

sum_of(f, parts) := sum([number(f, part) | some part in parts])

has(f, part) if f.number[part]

has_any(f, parts) if {
	some part in parts
	f.number[part]
}

truth(f, part) if {
	has(f, part)
} else := false

# The shape with what several classes ask of it.
facts(table, named, s) := found if {
	signs := sum([object.get(s.number, part, 0) | some part in {"Action", "Trace", "Change", "Outcome", "Actor"}])
	sides := count([1 |
		some side in s.sides
		count({side.first, side.last, side.table} & (named.stems - {""})) > 0
	])
	base := object.union(s, {
		"table": table,
		"hint": named.hint,
		"weak": named.weak,
		"certain": named.certain,
		"may_plan": named.planned,
		"head": named.head,
		"signs": signs,
		"named_sides": sides,
		"apart": apart(s),
	})
	prose := prose_of(base)
	more := object.union(base, {
		"prose": prose,
		"planned": planned_of(base),
		"contents": sum_of(base, ["Content", "Number", "Value", "Payload"]),
		"details": details_of(base, prose),
	})
	again := object.union(more, {
		"thing": thing_of(more),
		"link_thing": link_thing_of(more),
		"event": event_of(more),
		"key_value": key_value_of(more),
		"translated": translated_of(more),
		"statistics": statistics_of(table),
		"forbids": forbids_of(table),
		"names_copy": names_copy_of(more),
	})
	found := object.union(again, {
		"copy": copy_of(again),
		"link": link_of(again),
		"bare": bare_of(again),
		"record": record_of(again),
	})
	found
}

apart(s) if {
	s.key == "References"
} else if {
	s.unique_references >= 2
} else := false

prose_of(f) if {
	"Prose" in f.named
} else if {
	"Note" in f.named
	f.named_sides < 2
	f.hint != "junction"
} else if {
	"Message" in f.named
	f.signs == 0
	f.hint != "log"
} else := false

planned_of(f) if {
	has(f, "Planned")
	f.signs == 0
} else := false

details_of(f, true) := sum_of(f, ["Detail", "Remark"])

details_of(f, false) := sum_of(f, ["Detail", "Remark", "Note"])

thing_of(f) if {
	"Name" in f.named
} else if {
	f.prose
} else if {
	"Amount" in f.named
} else := false

link_thing_of(f) if {
	"Name" in f.named
	not is_link_name(f)
} else if {
	f.prose
} else if {
	"Amount" in f.named
} else := false

is_link_name(f) if {
	f.hint == "junction"
	f.apart
}

event_of(f) if {
	count({"Occurred", "Created", "Ran", "Time", "Done"} & f.named) > 0
} else if {
	"Planned" in f.named
	not f.planned
} else if {
	"Recent" in f.named
	f.hint == "log"
} else if {
	"Updated" in f.named
	f.certain
} else := false

key_value_of(f) if {
	"Value" in f.named
	has_any(f, ["Key", "Name"])
	not has(f, "Occurred")
} else := false

translated_of(f) if {
	f.language
	f.references > 0
	count({"Prose", "Message", "Name", "Content", "Value"} & f.named) > 0
} else := false

# Magnitudes as powers of two: one less, and nought for none and one.
order(magnitude) := max([magnitude - 1, 0])

statistics_of(table) := {
	"inserts": order(table.inserts),
	"updates": order(table.updates),
	"deletes": order(table.deletes),
} if {
	table.inserts >= 10
	table.updates >= 0
	table.deletes >= 0
} else := {}

forbidding := {
	"forbid", "prevent", "immutable", "append_only", "appendonly", "no_update", "no_delete", "readonly", "read_only",
	"reject", "deny", "block_", "disallow", "worm", "refuse",
}

any_forbids(table) if {
	some trigger in table.triggers
	not trigger.disabled
	trigger.on_change
	not trigger.on_insert
	some word in forbidding
	some text in [trigger.name, trigger.function]
	contains(text, word)
}

forbids_of(table) if {
	any_forbids(table)
} else := false

names_copy_of(f) if {
	f.natural == "Name"
	has_any(f, ["Expiry", "Lock", "Token", "Computed"])
} else := false

names_thing(f) if {
	has(f, "Name")
	not f.names_copy
}

tells(f) if names_thing(f)

tells(f) if f.prose

passes(f) if has(f, "Computed")

passes(f) if {
	has(f, "Token")
	not tells(f)
}

passes(f) if {
	has(f, "Expiry")
	has_any(f, ["Value", "Payload"])
}

passes(f) if {
	has(f, "Expiry")
	not names_thing(f)
}

is_nothing_else(f) if {
	not f.thing
	not extends_with_content(f)
	f.contents + f.details <= 6
}

extends_with_content(f) if {
	f.key == "Reference"
	f.contents > 0
}

is_named_copy(f) if f.hint == "cache"

is_named_copy(f) if f.weak == "cache"

copy_of(f) if {
	f.table.unlogged
} else if {
	is_named_copy(f)
	passes(f)
} else if {
	is_named_copy(f)
	is_nothing_else(f)
} else if {
	has(f, "Token")
	has(f, "Expiry")
	not has(f, "Name")
	f.hint != "required"
} else := false

link_of(f) if {
	f.hint == "junction"
	f.references >= 2
	not f.link_thing
	f.contents == 0
	not has(f, "Token")
} else if {
	f.hint == "junction"
	f.references >= 2
	not f.link_thing
	f.apart
} else := false

bare_of(f) if {
	not f.link_thing
	f.contents == 0
	is_tight(f)
	number(f, "Detail") <= 2
	not has_any(f, [
		"Token", "SearchVector", "Change", "Trace", "Outcome", "Lock", "Attempts", "Queue", "Computed", "Remark", "Key",
	])
} else := false

is_tight(f) if f.apart

is_tight(f) if not has_any(f, ["Counter", "Expiry", "Planned", "Value"])

kind_of(f) if {
	"Level" in f.named
	not has_any(f, ["Name", "Updated", "Status", "Action"])
}

is_appended(f) if f.statistics.updates + 5 <= f.statistics.inserts

lasts(f) if has_any(f, ["Updated", "Status", "Retired"])

lasts(f) if f.may_plan

is_lasting_thing(f) if {
	f.thing
	f.signs == 0
	lasts(f)
}

says_kind(f) := 1 if {
	kind_of(f)
	not f.prose
	has(f, "Occurred")
} else := 0

one(f, part) := 1 if {
	has(f, part)
} else := 0

record_of(f) if {
	f.event
	not f.planned
	f.hint == "log"
	f.certain
} else if {
	f.event
	not f.planned
	f.hint == "log"
	not is_lasting_thing(f)
} else if {
	f.event
	not f.planned
	not has(f, "Expiry")
	is_kept(f)
} else if {
	f.event
	not f.planned
	not has(f, "Expiry")
	(f.signs + one(f, "Occurred")) + says_kind(f) >= 2
	not has(f, "Updated")
	not has(f, "Amount")
} else := false

is_kept(f) if f.forbids

is_kept(f) if f.brin

is_kept(f) if {
	is_appended(f)
	not f.thing
}

# Work that waits.
strong(f) := count([1 | some part in ["Attempts", "Due", "Lock", "Queue"]; has(f, part)])

is_load(f) if has_any(f, ["Payload", "Action", "Value"])

is_tracked(f) if has_any(f, ["Status", "Done", "Ran"])

is_almost_queue(f) if f.hint == "queue"

is_almost_queue(f) if f.weak == "queue"

is_no_queue(f) if {
	f.hint == "log"
	has(f, "Outcome")
}

is_no_queue(f) if {
	has(f, "Outcome")
	not has_any(f, ["Attempts", "Due", "Lock"])
}

is_no_queue(f) if {
	has(f, "Name")
	not is_almost_queue(f)
	strong(f) < 4
}

waits(f) if {
	not is_no_queue(f)
	waits_with(f, strong(f))
	count({"Attempts", "Due", "Lock", "Queue", "Done", "Status", "Payload", "Action"} & f.named) > 0
}

is_loaded(f) if is_load(f)

is_loaded(f) if is_tracked(f)

waits_with(f, 0) if {
	f.hint == "queue"
	is_loaded(f)
	not has(f, "Prose")
}

is_mail(f) if {
	has(f, "Attempts")
	is_tracked(f)
}

is_mail(f) if {
	has(f, "Attempts")
	has(f, "Due")
}

is_lump(f) if {
	has(f, "Payload")
	not has(f, "Attempts")
}

waits_with(f, 1) if {
	is_mail(f)
	is_almost_queue(f)
}

waits_with(f, 1) if {
	is_mail(f)
	has_any(f, ["Payload", "Action", "Value", "Message", "Prose"])
}

waits_with(f, 1) if {
	not is_mail(f)
	is_lump(f)
	not f.thing
}

waits_with(f, 1) if {
	not is_mail(f)
	not is_lump(f)
	is_almost_queue(f)
	is_loaded(f)
}

waits_with(f, 1) if {
	not is_mail(f)
	not is_lump(f)
	is_almost_queue(f)
	f.references > 0
}

waits_with(f, 2) if is_almost_queue(f)

waits_with(f, 2) if is_loaded(f)

waits_with(_, strong) if strong > 2

# Points: a list of what was found for each class.
weight(reason) := w.weights[reason][1]

times(reason, number) := weight(reason) * number

points(f) := [sum(required(f)), sum(junction(f)), sum(log(f)), sum(cache(f))]

something_else(f) if {
	f.record
	has(f, "Occurred")
}

something_else(f) if {
	f.link
	f.apart
}

something_else(f) if f.names_copy

more_than_link(f) if {
	not is_bare_link(f)
	not f.link
}

is_bare_link(f) if {
	f.references >= 2
	f.bare
}

required_contents(f) := 0 if {
	has(f, "Payload")
	f.contents + f.details <= number(f, "Payload") + 1
	f.references == 0
} else := f.contents + f.details

after_side(f) if f.named_sides >= 2

after_side(f) if {
	count(f.sides) >= 2
	some side in f.sides
	f.head in {side.first, side.last, side.table}
}

when("RowIsNamed", f) if {
	"Name" in f.named
	not something_else(f)
}

when("HoldsProse", f) if f.prose

when("HoldsAmount", f) if "Amount" in f.named

when("HoldsKeyAndValue", f) if f.key_value

when("HoldsTranslation", f) if f.translated

when("HasOwnIdentity", f) if {
	not f.apart
	f.key == "Own"
	more_than_link(f)
}

when("HasOwnIdentity", f) if {
	not f.apart
	f.key == "Mixed"
}

when("Extends", f) if {
	not f.apart
	f.key == "Reference"
}

when("RowChanges", f) if {
	not f.apart
	more_than_link(f)
	"Updated" in f.named
}

when("HasBusinessKey", f) if {
	f.business
	not something_else(f)
	named_or_prose(f)
}

when("IsReferredTo", f) if f.table.referenced_by > 0

when("HasLife", f) if count({"Planned", "Status", "Retired"} & f.named) > 0

when("NamedRequired", f) if {
	f.hint == "required"
	not after_side(f)
}

when("CanBeMadeAgain", f) if f.copy

when("KeyIsReferences", f) if f.key == "References"

when("ReferencesAreUnique", f) if {
	f.key != "References"
	f.unique_references >= 2
}

when("OnlyReferences", f) if {
	f.bare
	f.references <= 4
}

when("HasTwoSides", f) if {
	not is_link_thing(f)
	f.optional == 0
	f.references <= 4
}

when("LinkIsThing", f) if is_link_thing(f)

when("NamesItsSides", f) if f.named_sides >= 2

when("NamedJunction", f) if f.hint == "junction"

when("LinkRepeats", f) if {
	is_link_event(f)
	not f.apart
	f.event
}

when("LinkIsComputed", f) if "Computed" in f.named

is_link_thing(f) if f.link_thing

is_link_thing(f) if f.key_value

is_link_thing(f) if f.translated

is_link_event(f) if has_any(f, ["Action", "Occurred"])

is_link_event(f) if {
	f.hint == "log"
	not is_overwritten(f)
}

is_overwritten(f) if {
	has(f, "Recent")
	has(f, "Updated")
}

named_or_prose(f) if has(f, "Name")

named_or_prose(f) if f.prose

required_reasons := [
	"RowIsNamed", "HoldsProse", "HoldsAmount", "HoldsKeyAndValue", "HoldsTranslation", "HasOwnIdentity", "Extends",
	"RowChanges", "HasBusinessKey", "IsReferredTo", "HasLife", "NamedRequired", "CanBeMadeAgain",
]

required(f) := array.concat([weight(reason) | some reason in required_reasons; when(reason, f)], [
	times("HoldsContent", min([required_contents(f), 4])),
	times("TellsOfEvent", told(f)),
])

told(f) := 2 if {
	f.record
	f.certain
	not has(f, "Updated")
} else := 1 if {
	f.record
} else := 0

junction_reasons := [
	"KeyIsReferences", "ReferencesAreUnique", "OnlyReferences", "HasTwoSides", "LinkIsThing", "NamesItsSides",
	"NamedJunction", "LinkRepeats", "LinkIsComputed",
]

junction(f) := [] if {
	f.references < 2
} else := array.concat([weight(reason) | some reason in junction_reasons; when(reason, f)], [
	times("LinkHoldsContent", min([f.contents + number(f, "Remark"), 4])),
])

is_dated(f) if count({"Created", "Occurred", "Ran", "Time", "Done"} & f.named) > 0

updated(f) if {
	"Updated" in f.named
	not is_event_by_change(f)
}

is_event_by_change(f) if {
	f.certain
	not is_dated(f)
}

ends(f) if updated(f)

ends(f) if "Retired" in f.named

ends(f) if f.planned

ends(f) if has(f, "Expiry")

ends(f) if f.by_day

when("SaysWhenOnly", f) if {
	f.event
	not ends(f)
}

when("TimeOfEvent", f) if {
	"Occurred" in f.named
	not f.by_day
}

when("IndexedByTime", f) if f.time_index

when("WrittenOnce", f) if {
	f.references >= 1
	(f.contents + f.details) + f.signs >= 1
	not f.thing
	f.table.referenced_by == 0
	not f.business
	not f.apart
	not f.by_day
	not has_any(f, [
		"Updated", "Status", "Planned", "Expiry", "Retired", "Key", "Token", "Locale", "SearchVector", "Recent", "Computed",
	])
}

when("LogIsCopy", f) if f.copy

when("PartitionedByTime", f) if {
	f.table.kind == "partitioned-table"
	f.event
}

when("ChangesLikeAll", f) if {
	has(f, "Created")
	updated(f)
}

when("LogChanges", f) if "Retired" in f.named

when("LogChanges", f) if {
	not has(f, "Created")
	updated(f)
}

when("RecordsAction", f) if "Action" in f.named

when("RecordsKind", f) if kind_of(f)

when("RecordsActor", f) if {
	"Action" in f.named
	count({"Actor", "Author", "Reference"} & f.named) > 0
}

when("RecordsTrace", f) if "Trace" in f.named

when("RecordsChange", f) if "Change" in f.named

when("RecordsMove", f) if f.move

when("RecordsOutcome", f) if "Outcome" in f.named

when("RecordsRun", f) if {
	number(f, "Ran") >= 2
	"Ran" in f.named
}

when("RecordsPayload", f) if {
	count({"Payload", "Message"} & f.named) > 0
	is_told_of(f)
}

is_told_of(f) if f.signs > 0

is_told_of(f) if f.references > 0

is_told_of(f) if f.hint == "log"

when("IsSeries", f) if {
	sum_of(f, ["Number", "Value", "Counter"]) > 0
	f.natural in {"", "Identifier"}
	not has_any(f, ["Name", "Prose"])
	not f.by_day
	is_series_dated(f)
}

is_series_dated(f) if has(f, "Occurred")

is_series_dated(f) if {
	f.key != "Own"
	has(f, "Time")
	not has_any(f, ["Created", "Updated"])
}

when("InOrderOfTime", f) if f.brin

when("LogIsReferredTo", f) if f.table.referenced_by > 0

when("NothingToFindBy", f) if {
	f.table.referenced_by == 0
	not f.business
	f.unique_references == 0
}

when("NamedLog", f) if f.hint == "log"

when("NamedLogInPart", f) if {
	f.hint != "log"
	f.weak == "log"
}

when("IsAppendedTo", f) if is_appended_record(f)

when("LogIsRewritten", f) if {
	not is_appended_record(f)
	f.statistics.updates >= f.statistics.inserts
}

is_appended_record(f) if {
	is_appended(f)
	not is_thing_alone(f)
}

is_thing_alone(f) if {
	f.thing
	f.signs == 0
	f.hint != "log"
}

log_reasons := [
	"SaysWhenOnly", "TimeOfEvent", "IndexedByTime", "WrittenOnce", "LogIsCopy", "PartitionedByTime", "ChangesLikeAll",
	"LogChanges", "RecordsAction", "RecordsKind", "RecordsActor", "RecordsTrace", "RecordsChange", "RecordsMove",
	"RecordsOutcome", "RecordsRun", "RecordsPayload", "IsSeries", "InOrderOfTime", "LogIsReferredTo", "NothingToFindBy",
	"NamedLog", "NamedLogInPart", "IsAppendedTo", "LogIsRewritten",
]

forbidding_points(f) := [weight("ForbidsUpdate")] if {
	f.forbids
} else := []

is_log_at_all(f) if f.event

is_log_at_all(f) if f.brin

is_log_at_all(f) if has(f, "Change")

log(f) := array.concat(forbidding_points(f), [weight(reason) | some reason in log_reasons; when(reason, f)]) if {
	is_log_at_all(f)
} else := forbidding_points(f)

is_little(f) if {
	not f.thing
	f.contents + f.details <= 1
}

doubled(f, "Expires") := 2 if {
	is_little(f)
} else := 1

doubled_computed(f) := 1 if {
	has(f, "Name")
} else := 1 if {
	has(f, "Created")
	has(f, "Updated")
} else := 2

doubled_name(f) := 2 if {
	f.copy
} else := 1

expiry_points(f) := times("Expires", doubled(f, "Expires")) if {
	"Expiry" in f.named
} else := 0

computed_points(f) := times("SaysWhenComputed", doubled_computed(f)) if {
	"Computed" in f.named
} else := 0

name_points(f) := times("NamedCache", doubled_name(f)) if {
	f.hint == "cache"
} else := weight("NamedCacheInPart") if {
	f.weak == "cache"
} else := 0

is_timed(f) if f.times > 0

is_timed(f) if has_any(f, ["Expiry", "Created"])

is_keyed_timed(f) if f.times > 0

is_keyed_timed(f) if has(f, "Expiry")

when("HoldsToken", f) if {
	is_timed(f)
	"Token" in f.named
}

when("IsUnlogged", f) if f.table.unlogged

when("KeyAndBlob", f) if {
	f.natural in {"Key", "Name", "Token", "Detail", "Content"}
	is_keyed_timed(f)
	f.columns <= 6
	not has(f, "Prose")
	is_blob(f)
}

is_blob(f) if "Payload" in f.named

is_blob(f) if {
	"Value" in f.named
	has_any(f, ["Expiry", "Computed"])
}

is_blob(f) if {
	"Value" in f.named
	f.hint == "cache"
}

when("IsSearchIndex", f) if {
	f.columns <= 8
	not f.thing
	"SearchVector" in f.named
}

is_thing_of_number(f) if named_or_prose(f)

is_thing_of_number(f) if {
	has(f, "Amount")
	not f.by_day
}

is_bare_copy(f) if {
	not is_thing_of_number(f)
	f.contents + f.details <= floor(number(f, "Counter") / 2)
	not has_any(f, ["Action", "Token"])
}

is_keyed(f) if f.references > 0

is_keyed(f) if f.by_time

is_keyed(f) if has(f, "Computed")

is_keyed(f) if number(f, "Counter") >= 3

when("IsAggregate", f) if {
	is_bare_copy(f)
	has(f, "Counter")
	is_keyed(f)
	not f.apart
}

when("IsLease", f) if {
	is_bare_copy(f)
	not has(f, "Counter")
	f.references <= 1
	"Lock" in f.named
}

when("IsPresence", f) if {
	is_bare_copy(f)
	not has_any(f, ["Counter", "Lock"])
	f.references <= 1
	f.columns <= 6
	f.natural != "Identifier"
	"Recent" in f.named
}

when("CacheHoldsThing", f) if {
	f.natural != "Name"
	not f.copy
	f.thing
}

when("CacheIsReferredTo", f) if {
	f.table.referenced_by > 0
	not f.copy
}

passes_through(f) if {
	f.statistics.deletes >= f.statistics.inserts
	order(f.table.rows) + 4 <= f.statistics.inserts
}

when("RowsPassThrough", f) if passes_through(f)

when("IsOverwritten", f) if {
	not passes_through(f)
	f.statistics.updates >= f.statistics.inserts + 4
}

cache_reasons := [
	"HoldsToken", "IsUnlogged", "KeyAndBlob", "IsSearchIndex", "IsAggregate", "IsLease", "IsPresence", "CacheHoldsThing",
	"CacheIsReferredTo", "RowsPassThrough", "IsOverwritten",
]

cache(f) := array.concat([weight(reason) | some reason in cache_reasons; when(reason, f)], [
	expiry_points(f),
	computed_points(f),
	name_points(f),
])
