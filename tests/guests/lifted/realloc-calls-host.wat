;; Calls the host while the host lowers a text of 13 bytes.
;;; imports
(import "procvision:algorithm/session@1.0.0" "[resource-drop]session" (func $drop_session (param i32)))
(import "procvision:algorithm/imaging@1.0.0" "[resource-drop]image-set" (func $drop_images (param i32)))
(import "procvision:algorithm/logging@1.0.0" "max-level" (func $max_level (result i32)))

;;; realloc
(global $free (mut i32) (i32.const 65536))
(func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
  (local $at i32)
  (if (i32.eq (local.get $size) (i32.const 13)) (then (drop (call $max_level))))
  (local.set $at (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
  (global.set $free (i32.add (local.get $at) (local.get $size)))
  (local.get $at))
