;; Says that its answer lies at an odd address.
;;; execute
(func (export "procvision:algorithm/lifecycle@1.0.0#execute")
  (param i32 i32 i32 i32 i32) (param $described i32) (param i32 i32 i32 i32) (param $session i32) (param $images i32)
  (result i32)
  (call $drop_session (local.get $session))
  (call $drop_images (local.get $images))
  (call $give_back)
  (select (i32.const 1025) (i32.const 1024) (local.get $described)))

;;; attack
