;; A well-behaved algorithm as a core module, in parts. Each part begins with a line `;;; name`; a guest beside this
;; file replaces some of the parts or adds others, and the whole is lifted into a component.
;;
;; Every answer lies at 1024, where memory is zero: OK, ready, no message, no rects.

;;; imports
(import "procvision:algorithm/session@1.0.0" "[resource-drop]session" (func $drop_session (param i32)))
(import "procvision:algorithm/imaging@1.0.0" "[resource-drop]image-set" (func $drop_images (param i32)))

;;; memory
(memory (export "memory") 2)

;;; table

;;; realloc
;; Hands out memory upwards from 64 KiB and takes it all back after each call.
(global $free (mut i32) (i32.const 65536))
(func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
  (local $at i32)
  (local.set $at
    (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
  (global.set $free (i32.add (local.get $at) (local.get $size)))
  (local.get $at))

;;; give-back
(func $give_back
  (global.set $free (i32.const 65536)))

;;; start

;;; get-info
(func (export "procvision:algorithm/lifecycle@1.0.0#get-info") (result i32)
  (i32.const 256))

;;; setup
(func (export "procvision:algorithm/lifecycle@1.0.0#setup") (result i32)
  (i32.const 1024))

;;; on-step-start
(func (export "procvision:algorithm/lifecycle@1.0.0#on-step-start") (param i32) (param $session i32) (result i32)
  (call $drop_session (local.get $session))
  (i32.const 1024))

;;; pre-execute
(func (export "procvision:algorithm/lifecycle@1.0.0#pre-execute")
  (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (param $session i32) (param $images i32) (result i32)
  (call $drop_session (local.get $session))
  (call $drop_images (local.get $images))
  (call $give_back)
  (i32.const 1024))

;;; execute
(func (export "procvision:algorithm/lifecycle@1.0.0#execute")
  (param i32 i32 i32 i32 i32) (param $described i32) (param i32 i32 i32 i32) (param $session i32) (param $images i32)
  (result i32)
  (call $drop_session (local.get $session))
  (call $drop_images (local.get $images))
  (call $give_back)
  (if (local.get $described) (then (call $attack)))
  (i32.const 1024))

;;; attack
;; Runs if the call describes its step.
(func $attack)

;;; on-step-finish
(func (export "procvision:algorithm/lifecycle@1.0.0#on-step-finish")
  (param i32) (param $session i32) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
  (call $drop_session (local.get $session))
  (call $give_back)
  (i32.const 1024))

;;; reset
(func (export "procvision:algorithm/lifecycle@1.0.0#reset") (param $session i32) (result i32)
  (call $drop_session (local.get $session))
  (i32.const 1024))

;;; teardown
(func (export "procvision:algorithm/lifecycle@1.0.0#teardown") (result i32)
  (i32.const 1024))

;;; description
;; result<algorithm-info>: name, version, description, supported-pids, steps; each an address and a length.
(data (i32.const 256)
  "\00\00\00\00"
  "\90\01\00\00\06\00\00\00"
  "\96\01\00\00\05\00\00\00"
  "\90\01\00\00\06\00\00\00"
  "\a0\01\00\00\01\00\00\00"
  "\a8\01\00\00\01\00\00\00")
(data (i32.const 400) "lifted" "1.0.0")
;; One product model, A01; one step, 1, without parameters.
(data (i32.const 416) "\9b\01\00\00\03\00\00\00")
(data (i32.const 411) "A01")
(data (i32.const 424) "\01\00\00\00" "\90\01\00\00\06\00\00\00" "\00\00\00\00\00\00\00\00")
