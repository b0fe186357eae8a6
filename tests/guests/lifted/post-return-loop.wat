;; Answers, and then never finishes giving the answer's memory back.
;;; attack
(global $told (mut i32) (i32.const 0))
(func $attack (global.set $told (i32.const 1)))
(func (export "cabi_post_procvision:algorithm/lifecycle@1.0.0#execute") (param i32)
  (if (global.get $told) (then (loop $again (br $again)))))
