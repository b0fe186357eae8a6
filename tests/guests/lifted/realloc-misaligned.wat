;; Delivers memory at an odd address, whatever alignment is asked for, once there are guides (two of them: 32 bytes).
;;; realloc
(global $free (mut i32) (i32.const 65536))
(func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
  (local $at i32)
  (if (i32.eq (local.get $size) (i32.const 32)) (then (return (i32.const 70001))))
  (local.set $at (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
  (global.set $free (i32.add (local.get $at) (local.get $size)))
  (local.get $at))
