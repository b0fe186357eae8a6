;; Keeps the handles it was lent instead of giving them back.
;;; execute
(func (export "procvision:algorithm/lifecycle@1.0.0#execute")
  (param i32 i32 i32 i32 i32) (param $described i32) (param i32 i32 i32 i32) (param $session i32) (param $images i32)
  (result i32)
  (call $give_back)
  (if (i32.eqz (local.get $described)) (then
    (call $drop_session (local.get $session))
    (call $drop_images (local.get $images))))
  (i32.const 1024))

;;; attack
