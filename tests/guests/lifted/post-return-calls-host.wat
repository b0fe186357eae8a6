;; Calls the host from the function that gives the answer's memory back, where it may not.
;;; imports
(import "procvision:algorithm/session@1.0.0" "[resource-drop]session" (func $drop_session (param i32)))
(import "procvision:algorithm/imaging@1.0.0" "[resource-drop]image-set" (func $drop_images (param i32)))
(import "procvision:algorithm/logging@1.0.0" "max-level" (func $max_level (result i32)))

;;; attack
(global $told (mut i32) (i32.const 0))
(func $attack (global.set $told (i32.const 1)))
(func (export "cabi_post_procvision:algorithm/lifecycle@1.0.0#execute") (param i32)
  (if (global.get $told) (then (drop (call $max_level)))))
