(module
  ;; Looks at one byte of each page of its input and outputs the sum, in two ways.
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (memory (export "memory") 1)

  (func $answer (param $sum i64)
    (local $place i64)
    (local.set $place (call $alloc (i64.const 8)))
    (call $store_u64 (local.get $place) (local.get $sum))
    (call $output_set (local.get $place) (i64.const 8)))

  ;; Asks for the bytes that it looks at and for no others: the least that a plugin can do.
  (func (export "in_place") (result i32)
    (local $at i64) (local $length i64) (local $sum i64)
    (local.set $length (call $input_length))
    (block $end
      (loop $next
        (br_if $end (i64.ge_u (local.get $at) (local.get $length)))
        (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (call $input_load_u8 (local.get $at)))))
        (local.set $at (i64.add (local.get $at) (i64.const 4096)))
        (br $next)))
    (call $answer (local.get $sum))
    (i32.const 0))

  ;; Copies the input into its own memory first, eight bytes at a time, as the development kits do. Of a last piece that is
  ;; shorter nothing is copied; pictures have none.
  (func (export "copied") (result i32)
    (local $at i64) (local $length i64) (local $sum i64) (local $missing i32)
    (local.set $length (call $input_length))
    (local.set $missing (i32.sub
      (i32.wrap_i64 (i64.shr_u (i64.add (local.get $length) (i64.const 65535)) (i64.const 16)))
      (memory.size)))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then (drop (memory.grow (local.get $missing)))))
    (block $end
      (loop $next
        (br_if $end (i64.gt_u (i64.add (local.get $at) (i64.const 8)) (local.get $length)))
        (i64.store (i32.wrap_i64 (local.get $at)) (call $input_load_u64 (local.get $at)))
        (local.set $at (i64.add (local.get $at) (i64.const 8)))
        (br $next)))
    (local.set $at (i64.const 0))
    (block $done
      (loop $look
        (br_if $done (i64.ge_u (local.get $at) (local.get $length)))
        (local.set $sum (i64.add (local.get $sum) (i64.load8_u (i32.wrap_i64 (local.get $at)))))
        (local.set $at (i64.add (local.get $at) (i64.const 4096)))
        (br $look)))
    (call $answer (local.get $sum))
    (i32.const 0)))
