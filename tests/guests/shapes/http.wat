;; Wants to talk to the world.
(component
  (import "wasi:http/types@0.2.0" (instance))
  (import "wasi:http/outgoing-handler@0.2.0" (instance))
  (instance $empty)
  (export "procvision:algorithm/lifecycle@1.0.0" (instance $empty)))
