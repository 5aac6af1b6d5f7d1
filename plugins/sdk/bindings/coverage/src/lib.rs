//! Guest bindings of the world `coverage-plugin`, generated and nothing else.
//!
//! Each world has a crate of its own because the generator names one exported
//! macro per interface, and all worlds export the interface `types`: two worlds
//! in one crate would define the same macro twice. Authors use `birth-sdk`.

wit_bindgen::generate!({
    path: "../../../../wit/birth-policy/0.1",
    world: "coverage-plugin",
    pub_export_macro: true,
});
