;; Wants what nobody has heard of, beside what is granted.
(component
  (import "procvision:algorithm/logging@1.0.0" (instance))
  (import "acme:backdoor/shell@1.2.3" (instance))
  (instance $empty)
  (export "procvision:algorithm/lifecycle@1.0.0" (instance $empty)))
