//! What people write, and other strings that only have to look right.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

const PLAIN: [&str; 8] = [
    "Hello, is my order on its way?",
    "Thank you, that was quick!",
    "Can I move the appointment to Friday at 3 pm?",
    "Please send the invoice as a PDF: the link https://shop.example/orders/1234 does not open.",
    "I would like to return the shoes. They are too small, and the left one has a scratch.\nWhat do I have to do?",
    "The address is 12/3 Main Street, second floor; \"please ring twice\".",
    "No.",
    "Which sizes do you have? I am looking for something warm for the winter, not too heavy, if possible in dark blue.",
];

const BEYOND_ASCII: [&str; 7] = [
    "Grüße aus Köln, die Größe passt! 👍🏽",
    "¿Cuándo llega mi pedido? ¡Muchas gracias! 🙏",
    "您好，我的订单什么时候发货？",
    "مرحبا، أين طلبي؟",
    "नमस्ते, क्या यह नीले रंग में मिलेगा?",
    "Прекрасно, спасибо большое! 🎉👨‍👩‍👧‍👦",
    "เมื่อไหร่จะส่งของครับ",
];

/// Emoji of reactions; the empty one takes a reaction back.
pub(crate) const REACTIONS: [&str; 5] = ["👍", "❤️", "😂", "🙏🏽", ""];

/// A few sentences, or many.
pub(crate) fn text(rng: &mut StdRng, beyond_ascii: bool) -> String {
    let sentences: &[&str] = if beyond_ascii { &BEYOND_ASCII } else { &PLAIN };
    let count = rng.random_range(2..=20);
    (0..count).filter_map(|_| sentences.choose(rng).copied()).collect::<Vec<_>>().join(" ")
}

/// A text of about this many bytes.
pub(crate) fn long_text(rng: &mut StdRng, bytes: usize) -> String {
    let mut long = String::with_capacity(bytes + 200);
    while long.len() < bytes {
        long.push_str(PLAIN.choose(rng).copied().unwrap_or_default());
        long.push(' ');
    }
    long
}

/// `digits` random digits, the first of them not 0.
pub(crate) fn digits(rng: &mut StdRng, digits: u32) -> String {
    rng.random_range(10_u64.pow(digits - 1)..10_u64.pow(digits)).to_string()
}

/// The `sha256` of a medium, in base64 as Meta gives it.
pub(crate) fn checksum(rng: &mut StdRng) -> String {
    STANDARD.encode(rng.random::<[u8; 32]>())
}

/// The address of a medium, which is long.
pub(crate) fn media_url(rng: &mut StdRng, id: &str) -> String {
    let mut hash = [0; 48];
    rng.fill_bytes(&mut hash);
    let hash = URL_SAFE_NO_PAD.encode(hash);
    format!(
        "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid={id}&source=webhook&ext=1790000000&hash={hash}"
    )
}
