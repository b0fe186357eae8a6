;; Wants an interface that the contract does not have.
(component
  (import "procvision:algorithm/network@1.0.0" (instance))
  (instance $empty)
  (export "procvision:algorithm/lifecycle@1.0.0" (instance $empty)))
