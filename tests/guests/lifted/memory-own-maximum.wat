;; Asks for memory that its own declaration forbids, many thousand times. That is legal, and nothing grows.
;;; memory
(memory (export "memory") 2 3)
;;; attack
(func $attack
  (local $left i32)
  (local.set $left (i32.const 100000))
  (loop $again
    (if (i32.ne (memory.grow (i32.const 5)) (i32.const -1)) (then (unreachable)))
    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
    (br_if $again (local.get $left))))
