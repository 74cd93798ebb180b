//! Small things done to text before it is shown.

/// An id with its middle left out: eight letters at the front, four at the end, where that makes it shorter.
pub fn shorten(id: &str) -> String {
    const FRONT: usize = 8;
    const BACK: usize = 4;
    let letters: Vec<char> = id.chars().collect();
    if letters.len() <= FRONT + BACK + 1 {
        return id.to_owned();
    }
    let front = letters.iter().take(FRONT);
    let back = letters.iter().skip(letters.len() - BACK);
    front.chain(std::iter::once(&'…')).chain(back).collect()
}

/// A number with a comma at each thousand.
pub fn thousands(number: u32) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let comma = |index: usize| index != 0 && index % 3 == first % 3;
    digits.chars().enumerate().fold(String::new(), |mut text, (index, digit)| {
        if comma(index) {
            text.push(',');
        }
        text.push(digit);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1284, "1,284"), (28_190, "28,190"), (1_000_000, "1,000,000")] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn a_long_id_keeps_both_ends() {
        assert_eq!(shorten("106540352242922"), "10654035…2922");
    }

    #[test]
    fn a_short_id_is_left_alone() {
        for id in ["", "1065403522", "1065403522429"] {
            assert_eq!(shorten(id), id);
        }
    }

    #[test]
    fn letters_are_counted_not_bytes() {
        assert_eq!(shorten("ääääääääääääää"), "ääääääää…ääää");
    }
}
