;; The frame of every test plugin: a bump allocator, and the three functions of
;; a role, whose bodies are filled in. $name$ marks what `suite/guests.rs` puts
;; in. Nothing is ever freed: a plugin lives for one call.
(module
  $imports$
  (memory (export "memory") $memory$)
  (global $top (mut i32) (i32.const 4096))
  (data (i32.const 64) "$text$")

  ;; Aligned to 8; grows the memory as needed and does not look whether it could.
  (func $take (param $bytes i32) (result i32) (local $at i32)
    (local.set $at (global.get $top))
    (global.set $top (i32.and
      (i32.add (i32.add (local.get $at) (local.get $bytes)) (i32.const 7))
      (i32.const -8)))
    (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
      (then (drop (memory.grow (i32.add (i32.const 1) (i32.div_u
        (i32.sub (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
        (i32.const 65536)))))))
    (local.get $at))

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (call $take (local.get 3)))

  ;; Writes the pointer and the length of a list.
  (func $list (param $slot i32) (param $pointer i32) (param $length i32)
    (i32.store (local.get $slot) (local.get $pointer))
    (i32.store offset=4 (local.get $slot) (local.get $length)))

  ;; How many subjects a batch of the conflict role has: the lengths of the
  ;; names of its columns, checks and triggers.
  (func $subjects (param $batch i32) (result i32)
    (i32.add (i32.load offset=60 (local.get $batch))
      (i32.add (i32.load offset=124 (local.get $batch))
        (i32.load offset=236 (local.get $batch)))))

  ;; A result of status 0 for each of `answers` subjects, without reasons. The
  ;; lists that hold nothing but zeros share them.
  (func $answer (param $answers i32) (result i32)
    (local $result i32) (local $subject i32) (local $zeros i32) (local $i i32)
    (local.set $result (call $take (i32.const 80)))
    (local.set $subject (call $take (i32.mul (local.get $answers) (i32.const 4))))
    (local.set $zeros (call $take
      (i32.mul (i32.add (local.get $answers) (i32.const 1)) (i32.const 4))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $answers)))
      (i32.store (i32.add (local.get $subject) (i32.mul (local.get $i) (i32.const 4)))
        (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (call $list (i32.add (local.get $result) (i32.const 4)) (local.get $subject) (local.get $answers))
    (call $list (i32.add (local.get $result) (i32.const 12)) (local.get $zeros) (local.get $answers))
    (call $list (i32.add (local.get $result) (i32.const 20)) (local.get $zeros) (local.get $answers))
    (call $list (i32.add (local.get $result) (i32.const 28)) (local.get $zeros) (local.get $answers))
    (call $list (i32.add (local.get $result) (i32.const 36)) (local.get $zeros)
      (i32.add (local.get $answers) (i32.const 1)))
    (call $list (i32.add (local.get $result) (i32.const 44)) (local.get $zeros) (i32.const 0))
    (call $list (i32.add (local.get $result) (i32.const 52)) (local.get $zeros) (i32.const 0))
    (call $list (i32.add (local.get $result) (i32.const 60)) (local.get $zeros) (i32.const 0))
    (call $list (i32.add (local.get $result) (i32.const 68)) (local.get $zeros) (i32.const 0))
    (local.get $result))

  ;; A description with `reasons` reasons from address `table`.
  (func $description (param $table i32) (param $reasons i32) (result i32) (local $result i32)
    (local.set $result (call $take (i32.const 24)))
    (call $list (local.get $result) (i32.const 64) (i32.const 5))
    (call $list (i32.add (local.get $result) (i32.const 8)) (i32.const 69) (i32.const 5))
    (call $list (i32.add (local.get $result) (i32.const 16)) (local.get $table) (local.get $reasons))
    (local.get $result))

  ;; One reason at `at`: code, severity 0, message.
  (func $reason (param $at i32) (param $code i32) (param $code_length i32)
    (param $message i32) (param $message_length i32)
    (call $list (local.get $at) (local.get $code) (local.get $code_length))
    (call $list (i32.add (local.get $at) (i32.const 12))
      (local.get $message) (local.get $message_length)))

  (func (export "$interface$#describe") (result i32)
    (local $table i32) (local $i i32)
    $describe$)

  (func (export "$interface$#check-settings") (param $settings i32) (param $count i32) (result i32)
    (local $result i32)
    $check-settings$)

  (func (export "$interface$#judge") (param $batch i32) (result i32)
    (local $result i32) (local $n i32)
    (local.set $n (call $subjects (local.get $batch)))
    $judge$)

  $more$
)
