//! RSA by WebCrypto, which finds primes and uses private keys several times faster than code compiled to WebAssembly.

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast as _, JsValue};
use worker::wasm_bindgen_futures::JsFuture;

use crate::{DoesNotOpen, RsaPadding, Task};

/// 65537, as bytes with the highest first.
const PUBLIC_EXPONENT: [u8; 3] = [1, 0, 1];

/// As long as the hash.
const SALT_LENGTH: u32 = 32;

pub(crate) fn generate_rsa_key(bits: u32) -> Task<'static, Option<Vec<u8>>> {
    Box::pin(SendWrapper::new(async move { logged("made no key", generate(bits).await) }))
}

pub(crate) fn sign_rsa<'a>(pkcs8: &'a [u8], padding: RsaPadding, message: &'a [u8]) -> Task<'a, Option<Vec<u8>>> {
    Box::pin(SendWrapper::new(async move { logged("did not sign", sign(pkcs8, padding, message).await) }))
}

pub(crate) fn decrypt_rsa<'a>(pkcs8: &'a [u8], encrypted: &'a [u8]) -> Task<'a, Option<Result<Vec<u8>, DoesNotOpen>>> {
    Box::pin(SendWrapper::new(async move {
        let key = logged("did not take a key", import(pkcs8, "RSA-OAEP", "decrypt").await)?;
        let decrypted = decrypt(key, encrypted).await;
        Some(decrypted.map_err(|_| DoesNotOpen))
    }))
}

/// What fails here is done without WebCrypto. Its errors tell nothing of a key.
fn logged<T>(what: &str, result: Result<T, JsValue>) -> Option<T> {
    result.inspect_err(|error| worker::console_error!("WebCrypto {what}: {error:?}")).ok()
}

/// The key is taken out of WebCrypto as PKCS#8, which does not tell what it was made for.
async fn generate(bits: u32) -> Result<Vec<u8>, JsValue> {
    let exponent = Uint8Array::from(&PUBLIC_EXPONENT[..]).into();
    let algorithm = algorithm("RSA-PSS", [("modulusLength", bits.into()), ("publicExponent", exponent)])?;
    let pair = call("generateKey", [algorithm, true.into(), strings(["sign", "verify"])]).await?;
    let private = Reflect::get(&pair, &"privateKey".into())?;
    bytes("exportKey", ["pkcs8".into(), private]).await
}

async fn sign(pkcs8: &[u8], padding: RsaPadding, message: &[u8]) -> Result<Vec<u8>, JsValue> {
    let name = match padding {
        RsaPadding::Pss => "RSA-PSS",
        RsaPadding::Pkcs1 => "RSASSA-PKCS1-v1_5",
    };
    let key = import(pkcs8, name, "sign").await?;
    let algorithm = algorithm(name, [("saltLength", SALT_LENGTH.into())])?;
    bytes("sign", [algorithm, key, Uint8Array::from(message).into()]).await
}

async fn decrypt(key: JsValue, encrypted: &[u8]) -> Result<Vec<u8>, JsValue> {
    let algorithm = algorithm("RSA-OAEP", [])?;
    bytes("decrypt", [algorithm, key, Uint8Array::from(encrypted).into()]).await
}

async fn import(pkcs8: &[u8], name: &str, usage: &str) -> Result<JsValue, JsValue> {
    let (der, algorithm) = (Uint8Array::from(pkcs8).into(), algorithm(name, [])?);
    call("importKey", ["pkcs8".into(), der, algorithm, false.into(), strings([usage])]).await
}

fn algorithm<const N: usize>(name: &str, others: [(&str, JsValue); N]) -> Result<JsValue, JsValue> {
    let algorithm = Object::new();
    for (member, value) in [("name", name.into()), ("hash", "SHA-256".into())].into_iter().chain(others) {
        Reflect::set(&algorithm, &member.into(), &value)?;
    }
    Ok(algorithm.into())
}

fn strings<const N: usize>(texts: [&str; N]) -> JsValue {
    texts.map(JsValue::from).into_iter().collect::<Array>().into()
}

/// The bytes that a call gives.
async fn bytes<const N: usize>(name: &str, arguments: [JsValue; N]) -> Result<Vec<u8>, JsValue> {
    Ok(Uint8Array::new(&call(name, arguments).await?).to_vec())
}

/// `crypto.subtle.<name>(…)`
async fn call<const N: usize>(name: &str, arguments: [JsValue; N]) -> Result<JsValue, JsValue> {
    let crypto = Reflect::get(&js_sys::global(), &"crypto".into())?;
    let subtle = Reflect::get(&crypto, &"subtle".into())?;
    let method = Reflect::get(&subtle, &name.into())?.dyn_into::<Function>()?;
    let promise = Reflect::apply(&method, &subtle, &arguments.into_iter().collect())?.dyn_into::<Promise>()?;
    JsFuture::from(promise).await
}
