;; Exports a lifecycle without functions.
(component
  (instance $empty)
  (export "procvision:algorithm/lifecycle@1.0.0" (instance $empty)))
