;; Makes handles of a resource of its own without end.
;;; imports
(import "procvision:algorithm/session@1.0.0" "[resource-drop]session" (func $drop_session (param i32)))
(import "procvision:algorithm/imaging@1.0.0" "[resource-drop]image-set" (func $drop_images (param i32)))
(import "[export]rogue:toy/things" "[resource-new]thing" (func $new (param i32) (result i32)))

;;; attack
(func $attack (loop $again (drop (call $new (i32.const 7))) (br $again)))
