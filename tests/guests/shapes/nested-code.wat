;; Code hidden in a component inside the component.
(component
  (component $inner
    (core module $m (func $f (loop $again (br $again))) (start $f))
    (core instance (instantiate $m)))
  (instance (instantiate $inner))
  (instance $empty)
  (export "procvision:algorithm/lifecycle@1.0.0" (instance $empty)))
