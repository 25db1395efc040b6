//! RSA keys by WebCrypto, which finds primes several times faster than code compiled to WebAssembly.

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast as _, JsValue};
use worker::wasm_bindgen_futures::JsFuture;

use crate::Task;

/// 65537, as bytes with the highest first.
const PUBLIC_EXPONENT: [u8; 3] = [1, 0, 1];

pub(crate) fn generate_rsa_key(bits: u32) -> Task<'static, Option<Vec<u8>>> {
    Box::pin(SendWrapper::new(async move {
        generate(bits).await.inspect_err(|error| worker::console_error!("WebCrypto made no key: {error:?}")).ok()
    }))
}

/// The key is taken out of WebCrypto as PKCS#8, which does not tell what it was made for.
async fn generate(bits: u32) -> Result<Vec<u8>, JsValue> {
    let algorithm = Object::new();
    let members: [(&str, JsValue); 4] = [
        ("name", "RSA-PSS".into()),
        ("hash", "SHA-256".into()),
        ("modulusLength", bits.into()),
        ("publicExponent", Uint8Array::from(&PUBLIC_EXPONENT[..]).into()),
    ];
    for (name, value) in members {
        Reflect::set(&algorithm, &name.into(), &value)?;
    }
    let usages = ["sign", "verify"].map(JsValue::from).into_iter().collect::<Array>();
    let pair = call("generateKey", [algorithm.into(), true.into(), usages.into()]).await?;
    let private = Reflect::get(&pair, &"privateKey".into())?;
    let pkcs8 = call("exportKey", ["pkcs8".into(), private]).await?;
    Ok(Uint8Array::new(&pkcs8).to_vec())
}

/// `crypto.subtle.<name>(…)`
async fn call<const N: usize>(name: &str, arguments: [JsValue; N]) -> Result<JsValue, JsValue> {
    let crypto = Reflect::get(&js_sys::global(), &"crypto".into())?;
    let subtle = Reflect::get(&crypto, &"subtle".into())?;
    let method = Reflect::get(&subtle, &name.into())?.dyn_into::<Function>()?;
    let promise = Reflect::apply(&method, &subtle, &arguments.into_iter().collect())?.dyn_into::<Promise>()?;
    JsFuture::from(promise).await
}
