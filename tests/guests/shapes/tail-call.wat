;; A call that leaves no frame.
(component (core module (func $f (return_call $f))))
