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

judge(table) := judge_shape(table, named, shape.shape(table, named.head, memo)) if {
	is_judged(table)
	named := names.table(table.name)
} else := deferred

judge_shape(table, named, shape) := deferred if {
	waits(facts(table, named, shape))
} else := decide(points(facts(table, named, shape)))

statuses := ["required", "junction", "log", "cache"]

# The strongest class, if it has enough points and leads by enough.
decide(points) := [statuses[winner], best] if {
	best := max(points)
	winner := [at | some at, number in points; number == best][0]
	others := max([0] + [0 | false])
	second := max([number | some at, number in points; at != winner])
	best >= 30
	best - max([second, 0]) >= 10
} else := ["deferred", max([max(points), 0])]
