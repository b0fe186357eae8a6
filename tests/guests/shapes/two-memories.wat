;; Two core modules, each with a memory.
(component
  (core module $one (memory 1))
  (core module $two (memory 1))
  (core instance (instantiate $one))
  (core instance (instantiate $two))
  (instance $empty)
  (export "procvision:algorithm/lifecycle@1.0.0" (instance $empty)))
