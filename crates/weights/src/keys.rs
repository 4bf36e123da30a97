//! Names of weights in older versions of `diffusers`.

/// The current name of a parameter. In older versions, the projections of attention blocks were named `query`, `key`, `value` and
/// `proj_attn`.
pub fn modern_name(name: &str) -> String {
    const RENAMED: [(&str, &str); 4] =
        [("query", "to_q"), ("key", "to_k"), ("value", "to_v"), ("proj_attn", "to_out.0")];
    let parts: Vec<&str> = name.split('.').collect();
    // … .attentions.N.query.weight
    if let [before @ .., list, _, old, _] = parts.as_slice()
        && *list == "attentions"
        && let Some((_, new)) = RENAMED.iter().find(|(known, _)| known == old)
    {
        let n = before.len() + 2;
        return [&parts[..n], &[*new], &parts[n + 1..]].concat().join(".");
    }
    name.to_string()
}

#[cfg(test)]
mod tests {
    use super::modern_name;

    #[test]
    fn attention_is_renamed_and_nothing_else() {
        for (old, new) in [
            ("down_blocks.1.attentions.0.query.weight", "down_blocks.1.attentions.0.to_q.weight"),
            ("mid_block.attentions.0.proj_attn.bias", "mid_block.attentions.0.to_out.0.bias"),
            ("up_blocks.2.attentions.1.key.bias", "up_blocks.2.attentions.1.to_k.bias"),
            ("mid_block.attentions.0.value.weight", "mid_block.attentions.0.to_v.weight"),
        ] {
            assert_eq!(modern_name(old), new);
            assert_eq!(modern_name(new), new);
        }
        for name in ["conv_in.weight", "mid_block.attentions.0.group_norm.weight", "key.weight", "query"] {
            assert_eq!(modern_name(name), name);
        }
    }
}
