;; Exports something else.
(component
  (instance $empty)
  (export "acme:tool/run@1.0.0" (instance $empty)))
