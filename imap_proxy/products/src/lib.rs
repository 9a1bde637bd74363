//! The supported webmails: each has one file, and one line in the registry, [`PRODUCTS`].
//!
//! A product is data and small pure rules behind the trait [`Product`]. What it reads is here as
//! well: paths ([`path`]), forms ([`form`]) and cookies ([`jar`]). Sessions and requests are the webmail front's.

#[cfg(test)]
mod captured;
pub mod form;
pub mod jar;
mod owa;
pub mod path;
pub mod product;
mod roundcube;
#[cfg(test)]
mod roundcube_tests;
mod snappymail;
#[cfg(test)]
mod snappymail_tests;
mod sogo;
#[cfg(test)]
mod sogo_tests;

use postern_proxy_config::KnownProduct;
use product::Product;

/// A product and the name by which `product = "…"` selects it.
pub type Registered = (&'static str, &'static dyn Product);

/// The registry of products.
pub static PRODUCTS: &[Registered] = &[
    ("roundcube", &roundcube::Roundcube),
    ("owa", &owa::Owa),
    ("snappymail", &snappymail::SnappyMail),
    ("sogo", &sogo::Sogo),
];

/// The product that is registered under this name.
pub fn named(registry: &[Registered], name: &str) -> Option<&'static dyn Product> {
    registry.iter().find(|(known, _)| *known == name).map(|(_, product)| *product)
}

/// The names that the configuration is checked against.
pub fn known(registry: &[Registered]) -> Vec<KnownProduct> {
    registry.iter().map(|(name, product)| KnownProduct { name, endpoints: product.endpoints() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_product_is_found_by_its_name() {
        for (name, _) in PRODUCTS {
            assert_eq!(PRODUCTS.iter().filter(|(other, _)| other == name).count(), 1, "{name}");
            assert!(named(PRODUCTS, name).is_some(), "{name}");
        }
        assert!(named(PRODUCTS, "squirrel").is_none());
        assert_eq!(
            known(PRODUCTS).iter().map(|known| known.name).collect::<Vec<_>>(),
            ["roundcube", "owa", "snappymail", "sogo"]
        );
    }
}
