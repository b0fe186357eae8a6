;; Wants a function that belongs to no interface, and a whole core module.
(component
  (import "system" (func (param "command" string)))
  (import "code" (core module))
  (instance $empty)
  (export "procvision:algorithm/lifecycle@1.0.0" (instance $empty)))
