;; Wants a later preview of WASI.
(component
  (import "wasi:io/streams@0.3.0" (instance))
  (instance $empty)
  (export "procvision:algorithm/lifecycle@1.0.0" (instance $empty)))
