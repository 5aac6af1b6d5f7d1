//! Test plugins, most of them hostile: real components, made when a test runs
//! from `tests/guests/guest.wat` and the WIT package, so that no binary is
//! checked in and nobody has to trust one.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Text at address 64 of a guest: name, version, a code and a message.
const TEXT: &str = "guest1.2.3SEEN_ONCEsaw {text}, {number} times";
/// Where they are: address and length of the code, then of the message.
const CODE_AND_MESSAGE: &str = "(i32.const 74) (i32.const 9) (i32.const 83) (i32.const 26)";

/// What a test plugin is made of; the default behaves well.
#[derive(Debug, Clone)]
pub(crate) struct Guest {
    /// The role whose interface it exports.
    pub(crate) role: &'static str,
    /// The WIT version it is built for.
    pub(crate) version: &'static str,
    /// Initial memory (and its maximum) in pages, as WAT.
    pub(crate) memory: String,
    /// Body of `describe`.
    pub(crate) describe: String,
    /// Body of `check-settings`.
    pub(crate) check_settings: String,
    /// Body of `judge`.
    pub(crate) judge: String,
    /// Imports of the core module.
    pub(crate) imports: String,
    /// The world's imports, and interfaces for them.
    pub(crate) world: (String, String),
    /// A change to the WIT package: what is replaced, and by what.
    pub(crate) wit: (&'static str, &'static str),
    /// Text at address 64.
    pub(crate) text: String,
    /// Further fields of the core module.
    pub(crate) more: String,
}

impl Default for Guest {
    fn default() -> Self {
        Self {
            role: "conflict",
            version: "0.1.0",
            memory: "2".to_owned(),
            describe: describes(1),
            check_settings: "(call $take (i32.const 12))".to_owned(),
            judge: "(call $answer (local.get $n))".to_owned(),
            imports: String::new(),
            world: (String::new(), String::new()),
            wit: ("\0", ""),
            text: TEXT.to_owned(),
            more: String::new(),
        }
    }
}

impl Guest {
    /// The component's bytes.
    #[must_use]
    pub(crate) fn build(&self) -> Vec<u8> {
        let interface = format!("birth:policy/{}@{}", self.role, self.version);
        let wat = include_str!("../guests/guest.wat")
            .replace("$imports$", &self.imports)
            .replace("$memory$", &self.memory)
            .replace("$text$", &self.text)
            .replace("$describe$", &self.describe)
            .replace("$check-settings$", &self.check_settings)
            .replace("$judge$", &self.judge)
            .replace("$more$", &self.more)
            .replace("$interface$", &interface);
        let mut module = wat::parse_str(&wat).expect("the guest is valid WAT");
        let mut resolve = Resolve::default();
        let package = resolve
            .push_str("birth-policy.wit", &self.wit())
            .expect("valid WIT");
        let world = resolve
            .select_world(&[package], Some("test-plugin"))
            .expect("the world that `wit` adds");
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .expect("metadata fits");
        ComponentEncoder::default()
            .module(&module)
            .expect("a module with metadata")
            .validate(true)
            .encode()
            .expect("the guest fits its world")
    }

    /// The released WIT package as one document, with a world for this guest.
    fn wit(&self) -> String {
        let header = "package birth:policy@0.1.0;";
        let files = [
            include_str!("../../wit/birth-policy/0.1/types.wit"),
            include_str!("../../wit/birth-policy/0.1/classification.wit"),
            include_str!("../../wit/birth-policy/0.1/conflict.wit"),
            include_str!("../../wit/birth-policy/0.1/coverage.wit"),
        ];
        let (imports, interfaces) = &self.world;
        let world = format!(
            "{interfaces}\nworld test-plugin {{ {imports}\nexport types;\nexport {}; }}",
            self.role
        );
        let (from, to) = self.wit;
        let body: String = files
            .iter()
            .map(|f| f.replacen(header, "", 1).replace(from, to))
            .collect();
        format!("{}\n{body}\n{world}", header.replace("0.1.0", self.version))
    }
}

fn guest(change: impl FnOnce(&mut Guest)) -> Vec<u8> {
    let mut guest = Guest::default();
    change(&mut guest);
    guest.build()
}

fn judging(body: &str) -> Vec<u8> {
    guest(|g| g.judge = body.to_owned())
}

/// Answers as it should, then changes the word at `offset` of the result.
fn answering_but(offset: u32, value: &str) -> Vec<u8> {
    judging(&format!(
        "(local.set $result (call $answer (local.get $n)))
         (i32.store offset={offset} (local.get $result) {value})
         (local.get $result)"
    ))
}

/// Answers with one reason for the first subject, of this kind and evidence.
fn reasoning(kind: u32, symbol: u32) -> Vec<u8> {
    judging(&format!(
        "(local.set $result (call $answer (local.get $n)))
         ;; Every start but the first is 1: a list of zeros is shared, so the
         ;; starts get their own.
         (local.set $batch (call $take (i32.mul (i32.add (local.get $n) (i32.const 1)) (i32.const 4))))
         (i32.store offset=36 (local.get $result) (local.get $batch))
         (block $done (loop $next
           (br_if $done (i32.eqz (local.get $n)))
           (i32.store (i32.add (local.get $batch) (i32.mul (local.get $n) (i32.const 4))) (i32.const 1))
           (local.set $n (i32.sub (local.get $n) (i32.const 1)))
           (br $next)))
         (i32.store offset=48 (local.get $result) (i32.const 1))
         (i32.store offset=56 (local.get $result) (i32.const 1))
         (i32.store offset=64 (local.get $result) (i32.const 1))
         (i32.store offset=72 (local.get $result) (i32.const 1))
         (local.set $n (call $take (i32.const 32)))
         (i32.store (local.get $n) (i32.const {kind}))
         (i32.store offset=8 (local.get $n) (i32.const {symbol}))
         (i64.store offset=16 (local.get $n) (i64.const 7))
         (i32.store offset=44 (local.get $result) (local.get $n))
         (i32.store offset=52 (local.get $result) (i32.add (local.get $n) (i32.const 24)))
         (i32.store offset=60 (local.get $result) (i32.add (local.get $n) (i32.const 8)))
         (i32.store offset=68 (local.get $result) (i32.add (local.get $n) (i32.const 16)))
         (local.get $result)"
    ))
}

fn describes(reasons: u32) -> String {
    format!(
        "(local.set $table (call $take (i32.const {})))
         (block $done (loop $next
           (br_if $done (i32.ge_u (local.get $i) (i32.const {reasons})))
           (call $reason
             (i32.add (local.get $table) (i32.mul (local.get $i) (i32.const 20)))
             {CODE_AND_MESSAGE})
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br $next)))
         (call $description (local.get $table) (i32.const {reasons}))",
        reasons * 20
    )
}

/// Answers every subject with the lowest status (for conflict: `ABSENT`).
#[must_use]
pub(crate) fn well_behaved(role: &'static str) -> Vec<u8> {
    guest(|g| {
        g.role = role;
        if role != "conflict" {
            g.judge = "(call $answer (i32.const 0))".to_owned();
        }
    })
}

/// Classifies by the number of a table's columns: one for each status in the
/// order of the numbers, and again from the sixth. What has no table is deferred
/// and an orphan. The score is ten times the columns; the one reason names the
/// key and the columns.
#[must_use]
pub(crate) fn classifying() -> Vec<u8> {
    guest(|g| {
        g.role = "classification";
        g.judge = "(call $classify (local.get $batch))".to_owned();
        g.more = CLASSIFY.to_owned();
    })
}

/// Offsets into the batch: 24 keys, 56 kinds, 120 starts of the columns.
const CLASSIFY: &str = "(func $classify (param $batch i32) (result i32)
  (local $n i32) (local $i i32) (local $columns i32) (local $result i32)
  (local $status i32) (local $scope i32) (local $starts i32) (local $score i32) (local $number i32)
  (local.set $n (i32.load offset=28 (local.get $batch)))
  (local.set $result (call $answer (local.get $n)))
  (local.set $status (call $take (local.get $n)))
  (local.set $scope (call $take (local.get $n)))
  (local.set $score (call $take (i32.mul (local.get $n) (i32.const 4))))
  (local.set $number (call $take (i32.mul (local.get $n) (i32.const 8))))
  (local.set $starts (call $take (i32.mul (i32.add (local.get $n) (i32.const 1)) (i32.const 4))))
  (block $done (loop $next
    (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
    (local.set $columns (i32.add (i32.load offset=120 (local.get $batch))
      (i32.mul (local.get $i) (i32.const 4))))
    (local.set $columns (i32.sub (i32.load offset=4 (local.get $columns)) (i32.load (local.get $columns))))
    (if (i32.load8_u (i32.add (i32.load offset=56 (local.get $batch)) (local.get $i)))
      (then (i32.store8 (i32.add (local.get $status) (local.get $i))
        (i32.rem_u (i32.sub (local.get $columns) (i32.const 1)) (i32.const 5))))
      (else
        (i32.store8 (i32.add (local.get $status) (local.get $i)) (i32.const 4))
        (i32.store8 (i32.add (local.get $scope) (local.get $i)) (i32.const 3))))
    (i32.store (i32.add (local.get $score) (i32.mul (local.get $i) (i32.const 4)))
      (i32.mul (local.get $columns) (i32.const 10)))
    (i64.store (i32.add (local.get $number) (i32.mul (local.get $i) (i32.const 8)))
      (i64.extend_i32_u (local.get $columns)))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (i32.store (i32.add (local.get $starts) (i32.mul (local.get $i) (i32.const 4))) (local.get $i))
    (br $next)))
  (call $list (i32.add (local.get $result) (i32.const 12)) (local.get $status) (local.get $n))
  (call $list (i32.add (local.get $result) (i32.const 20)) (local.get $scope) (local.get $n))
  (call $list (i32.add (local.get $result) (i32.const 28)) (local.get $score) (local.get $n))
  (call $list (i32.add (local.get $result) (i32.const 36)) (local.get $starts) (i32.add (local.get $n) (i32.const 1)))
  (call $list (i32.add (local.get $result) (i32.const 44)) (call $take (i32.mul (local.get $n) (i32.const 2))) (local.get $n))
  (call $list (i32.add (local.get $result) (i32.const 52)) (local.get $score) (local.get $n))
  (call $list (i32.add (local.get $result) (i32.const 60)) (i32.load offset=24 (local.get $batch)) (local.get $n))
  (call $list (i32.add (local.get $result) (i32.const 68)) (local.get $number) (local.get $n))
  (local.get $result))";

/// Answers with one reason, whose evidence is text 0 of the batch and 7.
#[must_use]
pub(crate) fn with_a_reason() -> Vec<u8> {
    reasoning(0, 0)
}

/// Never returns from `judge`.
#[must_use]
pub(crate) fn loops() -> Vec<u8> {
    judging("(loop $forever (br $forever)) (unreachable)")
}

/// Executes `unreachable`.
#[must_use]
pub(crate) fn traps() -> Vec<u8> {
    judging("(unreachable)")
}

/// Calls itself without end.
#[must_use]
pub(crate) fn recurses() -> Vec<u8> {
    guest(|g| {
        g.judge = "(call $deeper (local.get $batch))".to_owned();
        g.more = "(func $deeper (param i32) (result i32)
            (i32.add (i32.const 1) (call $deeper (local.get 0))))"
            .to_owned();
    })
}

/// Grows its memory until it may not.
#[must_use]
pub(crate) fn exhausts_memory() -> Vec<u8> {
    judging("(loop $more (drop (memory.grow (i32.const 16))) (br $more)) (unreachable)")
}

/// Rejects its settings in `check-settings` and in `judge`.
#[must_use]
pub(crate) fn rejects_settings() -> Vec<u8> {
    let problem = "(local.set $count (call $take (i32.const 16)))
         (call $list (local.get $count) (i32.const 64) (i32.const 5))
         (call $list (i32.add (local.get $count) (i32.const 8)) (i32.const 69) (i32.const 5))";
    guest(|g| {
        g.check_settings = format!(
            "{problem}
             (local.set $result (call $take (i32.const 12)))
             (i32.store (local.get $result) (i32.const 1))
             (call $list (i32.add (local.get $result) (i32.const 4)) (local.get $count) (i32.const 1))
             (local.get $result)"
        );
        g.judge = format!(
            "{}
             (local.set $result (call $take (i32.const 80)))
             (i32.store (local.get $result) (i32.const 1))
             (call $list (i32.add (local.get $result) (i32.const 8)) (local.get $n) (i32.const 1))
             (local.get $result)",
            problem.replace("$count", "$n")
        );
    })
}

/// Calls the batch malformed in the words that lie at the end of a path: the
/// batch begins with the pointer to its settings, each offset leads on, and
/// the last one is where pointer and length are.
pub(crate) fn echoes(path: &[u32]) -> Vec<u8> {
    let place = path
        .iter()
        .fold("(local.get $batch)".to_owned(), |at, offset| {
            format!("(i32.add (i32.load {at}) (i32.const {offset}))")
        });
    judging(&format!(
        "(local.set $n {place})
         (local.set $result (call $take (i32.const 80)))
         (i32.store (local.get $result) (i32.const 1))
         (i32.store offset=4 (local.get $result) (i32.const 1))
         (call $list (i32.add (local.get $result) (i32.const 8))
           (i32.load (local.get $n)) (i32.load offset=4 (local.get $n)))
         (local.get $result)"
    ))
}

/// A plugin of the classification role whose answer for the first collection
/// has a checksum over all lists of the batch as its score: their bytes and the
/// last byte of each length. `sizes` are the sizes of their elements, a digit
/// each.
pub(crate) fn sums_up(sizes: &str) -> Vec<u8> {
    guest(|g| {
        g.role = "classification";
        g.judge = "(local.set $n (i32.load offset=28 (local.get $batch)))
             (local.set $result (call $answer (local.get $n)))
             (call $list (i32.add (local.get $result) (i32.const 28))
               (call $sum (local.get $batch) (call $take (i32.mul (local.get $n) (i32.const 4))))
               (local.get $n))
             (local.get $result)"
            .to_owned();
        g.more = format!(
            "(data (i32.const 2048) \"{sizes}\")
             (func $sum (param $batch i32) (param $out i32) (result i32)
               (local $k i32) (local $at i32) (local $end i32) (local $sum i32)
               (loop $list
                 (local.set $at (i32.load offset=8 (local.get $batch)))
                 (local.set $end (i32.add (local.get $at)
                   (i32.mul (i32.load offset=12 (local.get $batch))
                     (i32.sub (i32.load8_u offset=2048 (local.get $k)) (i32.const 48)))))
                 (block $done (loop $next
                   (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
                   (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31))
                     (i32.load8_u (local.get $at))))
                   (local.set $at (i32.add (local.get $at) (i32.const 1)))
                   (br $next)))
                 (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31))
                   (i32.load8_u offset=12 (local.get $batch))))
                 (local.set $batch (i32.add (local.get $batch) (i32.const 8)))
                 (local.set $k (i32.add (local.get $k) (i32.const 1)))
                 (br_if $list (i32.lt_u (local.get $k) (i32.const {}))))
               (i32.store (local.get $out) (local.get $sum))
               (local.get $out))",
            sizes.len()
        );
    })
}

/// Calls every batch malformed.
#[must_use]
pub(crate) fn calls_it_malformed() -> Vec<u8> {
    judging(
        "(local.set $result (call $take (i32.const 80)))
         (i32.store (local.get $result) (i32.const 1))
         (i32.store offset=4 (local.get $result) (i32.const 1))
         (call $list (i32.add (local.get $result) (i32.const 8)) (i32.const 64) (i32.const 5))
         (local.get $result)",
    )
}

/// Imports a clock.
#[must_use]
pub(crate) fn imports_a_clock() -> Vec<u8> {
    guest(|g| {
        g.world = (
            "import clock;".to_owned(),
            "interface clock { now: func() -> u64; }".to_owned(),
        );
        g.imports =
            "(import \"birth:policy/clock@0.1.0\" \"now\" (func $now (result i64)))".to_owned();
        g.judge = "(drop (call $now)) (call $answer (local.get $n))".to_owned();
    })
}

/// Exports another version of the interface.
#[must_use]
pub(crate) fn speaks_another_version() -> Vec<u8> {
    guest(|g| g.version = "0.2.0")
}

/// A module's start function that never returns.
#[must_use]
pub(crate) fn loops_at_start() -> Vec<u8> {
    guest(|g| g.more = "(func $go (loop $l (br $l))) (start $go)".to_owned())
}

/// A module's start function that traps.
#[must_use]
pub(crate) fn traps_at_start() -> Vec<u8> {
    guest(|g| g.more = "(func $go (unreachable)) (start $go)".to_owned())
}

/// A core module with a second memory.
#[must_use]
pub(crate) fn has_two_memories() -> Vec<u8> {
    guest(|g| g.more = "(memory $second 1)".to_owned())
}

/// Every guest that must be refused or stopped when it is pinned for the
/// conflict role: its name, its bytes, and the code of the error. The batch
/// needs at least two subjects.
#[must_use]
pub(crate) fn all() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    vec![
        ("loops", loops(), "PLUGIN_OUT_OF_FUEL"),
        ("loops-at-start", loops_at_start(), "PLUGIN_OUT_OF_FUEL"),
        ("traps", traps(), "PLUGIN_TRAPPED"),
        ("traps-at-start", traps_at_start(), "PLUGIN_TRAPPED"),
        ("recurses", recurses(), "PLUGIN_TRAPPED"),
        ("exhausts-memory", exhausts_memory(), "PLUGIN_OUT_OF_MEMORY"),
        (
            "starts-with-too-much-memory",
            guest(|g| g.memory = "2000".to_owned()),
            "PLUGIN_OVER_LIMIT",
        ),
        (
            "has-a-huge-table",
            guest(|g| g.more = "(table 1000000 funcref)".to_owned()),
            "PLUGIN_OVER_LIMIT",
        ),
        ("has-two-memories", has_two_memories(), "PLUGIN_COMPILE"),
        ("imports-a-clock", imports_a_clock(), "PLUGIN_HAS_IMPORTS"),
        (
            "speaks-another-version",
            speaks_another_version(),
            "PLUGIN_WRONG_WIT_VERSION",
        ),
        (
            "has-another-role",
            well_behaved("coverage"),
            "PLUGIN_WRONG_ROLE",
        ),
        (
            "has-other-types",
            guest(|g| g.wit = ("score: list<s32>", "score: list<s64>")),
            "PLUGIN_WRONG_INTERFACE",
        ),
        (
            "is-a-core-module",
            wat::parse_str("(module)").expect("valid WAT"),
            "PLUGIN_NOT_A_COMPONENT",
        ),
        (
            "is-text",
            b"not a plugin".to_vec(),
            "PLUGIN_NOT_A_COMPONENT",
        ),
        ("is-cut-short", cut_short(), "PLUGIN_COMPILE"),
        (
            "rejects-settings",
            rejects_settings(),
            "PLUGIN_SETTINGS_REJECTED",
        ),
        (
            "calls-it-malformed",
            calls_it_malformed(),
            "PLUGIN_BATCH_MALFORMED",
        ),
        // Verdicts: the lists lie at 4, 12, …, 68 of the result, each a
        // pointer and a length.
        (
            "answers-too-much",
            judging("(call $answer (i32.const 4000000))"),
            "PLUGIN_ANSWER_TOO_LARGE",
        ),
        (
            "answers-too-little",
            judging("(call $answer (i32.sub (local.get $n) (i32.const 1)))"),
            "PLUGIN_BAD_ANSWER",
        ),
        (
            "answers-one-not-asked",
            judging("(call $answer (i32.add (local.get $n) (i32.const 1)))"),
            "PLUGIN_BAD_ANSWER",
        ),
        // The subjects are read from the list of zeros.
        (
            "answers-twice",
            answering_but(4, "(i32.load offset=12 (local.get $result))"),
            "PLUGIN_BAD_ANSWER",
        ),
        // The statuses are read from words whose bytes are not zero.
        (
            "answers-an-unknown-status",
            judging(
                "(local.set $result (call $answer (local.get $n)))
                 (i32.store offset=12 (local.get $result) (i32.const 64))
                 (local.get $result)",
            ),
            "PLUGIN_BAD_ANSWER",
        ),
        (
            "answers-with-a-short-list",
            answering_but(16, "(i32.const 0)"),
            "PLUGIN_BAD_ANSWER",
        ),
        (
            "answers-with-a-long-list",
            answering_but(32, "(i32.const 99)"),
            "PLUGIN_BAD_ANSWER",
        ),
        (
            "gives-starts-that-are-no-ranges",
            answering_but(36, "(i32.load offset=4 (local.get $result))"),
            "PLUGIN_BAD_ANSWER",
        ),
        (
            "gives-an-unknown-reason",
            reasoning(1, 0),
            "PLUGIN_BAD_ANSWER",
        ),
        (
            "gives-evidence-not-in-the-batch",
            reasoning(0, 1_000_000),
            "PLUGIN_BAD_ANSWER",
        ),
        // The canonical ABI.
        (
            "returns-a-wild-pointer",
            judging("(i32.const -8)"),
            "PLUGIN_ANSWER_UNREADABLE",
        ),
        (
            "returns-a-crooked-pointer",
            judging("(i32.const 3)"),
            "PLUGIN_ANSWER_UNREADABLE",
        ),
        (
            "lists-beyond-its-memory",
            answering_but(4, "(i32.const -4)"),
            "PLUGIN_ANSWER_UNREADABLE",
        ),
        (
            "answers-neither-ok-nor-error",
            answering_but(0, "(i32.const 7)"),
            "PLUGIN_ANSWER_UNREADABLE",
        ),
        // Descriptions.
        (
            "describes-text-that-is-not-utf-8",
            guest(|g| g.text = TEXT.replacen("guest", "gu\\ffst", 1)),
            "PLUGIN_ANSWER_UNREADABLE",
        ),
        (
            "describes-a-million-reasons",
            guest(|g| g.describe = describes(1_000_000)),
            "PLUGIN_ANSWER_TOO_LARGE",
        ),
        (
            "describes-too-many-reasons",
            guest(|g| g.describe = describes(2_000)),
            "PLUGIN_BAD_DESCRIPTION",
        ),
        (
            "describes-a-reason-twice",
            guest(|g| g.describe = describes(2)),
            "PLUGIN_BAD_DESCRIPTION",
        ),
        (
            "describes-a-very-long-message",
            guest(|g| {
                g.text.push_str(&"x".repeat(600));
                g.describe = describes(1).replace("(i32.const 26)", "(i32.const 600)");
            }),
            "PLUGIN_BAD_DESCRIPTION",
        ),
        (
            "describes-a-message-beyond-all-bounds",
            guest(|g| {
                g.memory = "100".to_owned();
                g.describe = describes(1).replace("(i32.const 26)", "(i32.const 6000000)");
            }),
            "PLUGIN_ANSWER_TOO_LARGE",
        ),
        (
            "describes-an-escape-sequence",
            guest(|g| g.text = TEXT.replacen("saw", "\\1b[m", 1)),
            "PLUGIN_BAD_DESCRIPTION",
        ),
        (
            "describes-a-lower-case-code",
            guest(|g| g.text = TEXT.replacen("SEEN", "seen", 1)),
            "PLUGIN_BAD_DESCRIPTION",
        ),
    ]
}

fn cut_short() -> Vec<u8> {
    let mut bytes = well_behaved("conflict");
    bytes.truncate(bytes.len() / 2);
    bytes
}
