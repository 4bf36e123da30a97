//! Configurations that describe no network are refused by a sentence that names the key.

use tch::Device;
use tweedie_networks::{Error, UNet, UNetConfig};

/// A small network that is fine.
pub fn small() -> UNetConfig {
    UNetConfig {
        sample_size: None,
        in_channels: 2,
        out_channels: 2,
        down_block_types: vec!["DownBlock2D".into(), "AttnDownBlock2D".into()],
        up_block_types: vec!["AttnUpBlock2D".into(), "UpBlock2D".into()],
        block_out_channels: vec![8, 16],
        layers_per_block: 1,
        norm_num_groups: Some(4),
        ..UNetConfig::default()
    }
}

/// The sentence with which a changed configuration is refused.
fn refusal(change: impl FnOnce(&mut UNetConfig)) -> String {
    let mut config = small();
    change(&mut config);
    UNet::new(&config, Device::Cpu, 0).map(|_| ()).expect_err("it should be refused").to_string()
}

#[test]
fn every_wrong_key_is_named() {
    type Change = Box<dyn FnOnce(&mut UNetConfig)>;
    let cases: [(&str, Change); 20] = [
        ("in_channels", Box::new(|c| c.in_channels = -3)),
        ("out_channels", Box::new(|c| c.out_channels = 0)),
        ("layers_per_block", Box::new(|c| c.layers_per_block = 0)),
        ("block_out_channels", Box::new(|c| c.block_out_channels = vec![8, -16])),
        ("down_block_types", Box::new(|c| c.block_out_channels = vec![8, 16, 32])),
        ("down_block_types", Box::new(|c| c.down_block_types[0] = "SkipDownBlock2D".into())),
        ("up_block_types", Box::new(|c| c.up_block_types[0] = "AtnUpBlock2D".into())),
        ("mid_block_type", Box::new(|c| c.mid_block_type = Some("UNetMidBlock2DCrossAttn".into()))),
        ("time_embedding_type", Box::new(|c| c.time_embedding_type = "sine".into())),
        ("num_train_timesteps", Box::new(|c| c.time_embedding_type = "learned".into())),
        ("norm_num_groups", Box::new(|c| c.norm_num_groups = Some(3))),
        ("norm_num_groups", Box::new(|c| c.norm_num_groups = None)),
        ("attention_head_dim", Box::new(|c| c.attention_head_dim = Some(5))),
        ("dropout", Box::new(|c| c.dropout = 1.0)),
        ("act_fn", Box::new(|c| c.act_fn = "tanh".into())),
        ("downsample_padding", Box::new(|c| c.downsample_padding = 2)),
        // Finite numbers that single precision does not hold.
        ("norm_eps is 1e308", Box::new(|c| c.norm_eps = 1e308)),
        ("norm_eps is 1e-300", Box::new(|c| c.norm_eps = 1e-300)),
        ("mid_block_scale_factor is 1e-300", Box::new(|c| c.mid_block_scale_factor = 1e-300)),
        ("freq_shift is -1e308", Box::new(|c| c.freq_shift = -1e308)),
    ];
    for (key, change) in cases {
        let sentence = refusal(change);
        assert!(sentence.contains(key), "{key} is not named in: {sentence}");
    }
}

#[test]
fn skip_blocks_and_near_misses_are_told_apart() {
    assert!(refusal(|c| c.up_block_types[1] = "AttnSkipUpBlock2D".into()).contains("NCSN++"));
    assert!(refusal(|c| c.up_block_types[0] = "AtnUpBlock2D".into()).contains("nearest is AttnUpBlock2D"));
}

#[test]
fn sizes_that_do_not_divide_are_refused_with_those_that_would() {
    let config = small();
    assert!(config.check_size(16, 18).is_ok());
    let sentence = config.check_size(15, 16).unwrap_err().to_string();
    assert!(sentence.contains("14 or 16"), "{sentence}");
    assert!(sentence.contains("multiples of 2"), "{sentence}");
    let sentence = config.check_size(1, 16).unwrap_err().to_string();
    assert!(sentence.contains("height 2,"), "{sentence}");
    let mut sized = small();
    sized.sample_size = Some(tweedie_networks::unet::SampleSize::Square(7));
    assert!(matches!(sized.check(), Err(Error::Config { key: "sample_size", .. })));
}

#[test]
fn keys_are_those_of_the_struct() {
    let json = serde_json::to_value(UNetConfig::default()).unwrap();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let mut known = UNetConfig::KEYS.to_vec();
    known.sort_unstable();
    let mut keys = keys;
    keys.sort_unstable();
    assert_eq!(keys, known);
}
