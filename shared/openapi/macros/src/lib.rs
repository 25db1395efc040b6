//! The attributes of utoipa as wasm builds read them: all but the method and the path of an operation is passed over.

use proc_macro::{TokenStream, TokenTree};

#[proc_macro_derive(ToSchema, attributes(schema, serde))]
pub fn to_schema(_: TokenStream) -> TokenStream {
    TokenStream::new()
}

#[proc_macro_derive(IntoParams, attributes(into_params, param, serde))]
pub fn into_params(_: TokenStream) -> TokenStream {
    TokenStream::new()
}

#[proc_macro_derive(OpenApi, attributes(openapi))]
pub fn open_api(_: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// Adds to the handler the type that tells its method and path, under the name that utoipa gives it.
#[proc_macro_attribute]
pub fn path(attribute: TokenStream, handler: TokenStream) -> TokenStream {
    let told = operation(attribute, handler.clone()).unwrap_or_else(|| {
        r#"compile_error!("a handler is a function, and begins its attribute with a method and `path = \"…\"`");"#
            .to_owned()
    });
    let told: TokenStream = told.parse().unwrap_or_default();
    told.into_iter().chain(handler).collect()
}

fn operation(attribute: TokenStream, handler: TokenStream) -> Option<String> {
    let mut words = attribute.into_iter();
    let method = match words.next()?.to_string().as_str() {
        "get" => "Get",
        "post" => "Post",
        "put" => "Put",
        "patch" => "Patch",
        "delete" => "Delete",
        _ => return None,
    };
    let path = words.skip_while(|word| !is(word, "path")).nth(2)?;
    let name = handler.into_iter().skip_while(|word| !is(word, "fn")).nth(1)?;
    Some(format!(
        "#[allow(non_camel_case_types)]
        #[doc(hidden)]
        pub struct __path_{name};

        impl utoipa::Path for __path_{name} {{
            fn methods() -> Vec<utoipa::openapi::HttpMethod> {{ vec![utoipa::openapi::HttpMethod::{method}] }}
            fn path() -> String {{ String::from({path}) }}
        }}"
    ))
}

fn is(word: &TokenTree, name: &str) -> bool {
    matches!(word, TokenTree::Ident(ident) if ident.to_string() == name)
}
